"""You counted the queries from 0. Behind stored tokens they stand at `offset`, and look at all of them.

task: 6.2
caught-by: test_day_06.py::test_a_chunk_looks_at_all_that_is_stored
"""


def causal_mask(n, offset):
    # task 6.2 begin
    queries = mx.arange(n)[:, None]
    return mx.arange(offset + n)[None, :] <= queries
    # task 6.2 end
