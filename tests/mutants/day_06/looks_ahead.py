"""Your mask lets a token look at those that come after it.

task: 6.2
caught-by: test_day_06.py::test_a_prompt_looks_back
"""


def causal_mask(n, offset):
    # task 6.2 begin
    queries = mx.arange(offset, offset + n)[:, None]
    return mx.arange(offset + n)[None, :] >= queries - offset
    # task 6.2 end
