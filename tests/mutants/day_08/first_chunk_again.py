"""You gave the first chunk again and again. The second begins where the first one ended.

task: 8.1
caught-by: test_day_08.py::test_the_next_chunk_begins_where_the_last_one_ended[second]
"""


def next_chunk(request, prefill_step):
    # task 8.1 begin
    if prefill_step < 1:
        raise ValueError(f"prefill_step is {prefill_step}: give at least 1")
    start = request.num_computed_tokens
    if start >= len(request.prompt):
        raise ValueError(f"all {len(request.prompt)} prompt tokens of request {request.id!r} are computed: decode it")
    return request.prompt[:prefill_step]
    # task 8.1 end
