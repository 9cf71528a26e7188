"""A token does not look at itself in your mask. The first of a prompt then looks at nothing.

task: 6.2
caught-by: test_day_06.py::test_a_prompt_looks_back
"""


def causal_mask(n, offset):
    # task 6.2 begin
    queries = mx.arange(offset, offset + n)[:, None]
    return mx.arange(offset + n)[None, :] < queries
    # task 6.2 end
