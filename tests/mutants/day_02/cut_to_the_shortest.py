"""You cut every prompt to the length of the shortest. That makes a rectangle, but the text is gone.

task: 2.1
caught-by: test_day_02.py::test_every_prompt_ends_in_the_last_column
"""


def left_pad(prompts, pad_id):
    # task 2.1 begin
    if not prompts:
        raise ValueError("there is no prompt to pad")
    for index, prompt in enumerate(prompts):
        if not prompt:
            raise ValueError(f"prompt {index} is empty")
    width = min(len(prompt) for prompt in prompts)
    rows = [list(prompt[-width:]) for prompt in prompts]
    return mx.array(rows, dtype=mx.int32)
    # task 2.1 end
