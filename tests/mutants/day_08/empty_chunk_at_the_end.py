"""You gave an empty chunk when the whole prompt is read. The caller would run it, for nothing.

task: 8.1
caught-by: test_day_08.py::test_what_makes_no_chunk_is_an_error[prompt-is-read]
"""


def next_chunk(request, prefill_step):
    # task 8.1 begin
    if prefill_step < 1:
        raise ValueError(f"prefill_step is {prefill_step}: give at least 1")
    start = request.num_computed_tokens
    return request.prompt[start : start + prefill_step]
    # task 8.1 end
