"""You took a `prefill_step` of 0: the prompt will never be read.

task: 8.1
caught-by: test_day_08.py::test_what_makes_no_chunk_is_an_error[step-of-zero]
"""


def next_chunk(request, prefill_step):
    # task 8.1 begin
    start = request.num_computed_tokens
    if start >= len(request.prompt):
        raise ValueError(f"all {len(request.prompt)} prompt tokens of request {request.id!r} are computed: decode it")
    return request.prompt[start : start + prefill_step]
    # task 8.1 end
