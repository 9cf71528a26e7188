"""You made token ids of a type other than int32.

task: 2.1
caught-by: test_day_02.py::test_the_rectangle_is_of_int32
"""


def left_pad(prompts, pad_id):
    # task 2.1 begin
    if not prompts:
        raise ValueError("there is no prompt to pad")
    for index, prompt in enumerate(prompts):
        if not prompt:
            raise ValueError(f"prompt {index} is empty")
    width = max(len(prompt) for prompt in prompts)
    rows = [[pad_id] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    return mx.array(rows, dtype=mx.float32)
    # task 2.1 end
