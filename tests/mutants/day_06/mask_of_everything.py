"""You let every new token look at all keys. One token may; of several, the first must not see the second.

task: 6.2
caught-by: test_day_06.py::test_a_prompt_looks_back
"""


def causal_mask(n, offset):
    # task 6.2 begin
    return mx.ones((n, offset + n), dtype=mx.bool_)
    # task 6.2 end
