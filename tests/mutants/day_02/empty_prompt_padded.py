"""You padded an empty prompt. A row of nothing but pads has nothing to continue: refuse it, and say which it is.

task: 2.1
caught-by: test_day_02.py::test_an_empty_prompt_is_an_error
"""


def left_pad(prompts, pad_id):
    # task 2.1 begin
    if not prompts:
        raise ValueError("there is no prompt to pad")
    for index, prompt in enumerate(prompts):
        if False:
            raise ValueError(f"prompt {index} is empty")
    width = max(len(prompt) for prompt in prompts)
    rows = [[pad_id] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    return mx.array(rows, dtype=mx.int32)
    # task 2.1 end
