"""You made the rectangle wider than the longest prompt: every row computes pads that nobody needs.

task: 2.1
caught-by: test_day_02.py::test_equal_prompts_need_no_pad
"""


def left_pad(prompts, pad_id):
    # task 2.1 begin
    if not prompts:
        raise ValueError("there is no prompt to pad")
    for index, prompt in enumerate(prompts):
        if not prompt:
            raise ValueError(f"prompt {index} is empty")
    width = 8 * (max(len(prompt) for prompt in prompts) // 8 + 1)
    rows = [[pad_id] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    return mx.array(rows, dtype=mx.int32)
    # task 2.1 end
