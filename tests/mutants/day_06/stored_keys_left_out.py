"""Your mask covers the new tokens only: (n, n). The stored keys are looked at, too.

task: 6.2
caught-by: test_day_06.py::test_a_chunk_looks_at_all_that_is_stored
"""


def causal_mask(n, offset):
    # task 6.2 begin
    queries = mx.arange(n)[:, None]
    return mx.arange(n)[None, :] <= queries
    # task 6.2 end
