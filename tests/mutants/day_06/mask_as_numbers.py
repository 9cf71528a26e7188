"""Your mask adds 0 and −∞. The contract is bool: a row of −∞ alone is NaN, and a sum of masks overflows.

task: 6.2
caught-by: test_day_06.py::test_masks_are_bool
"""


def causal_mask(n, offset):
    # task 6.2 begin
    queries = mx.arange(offset, offset + n)[:, None]
    return mx.where(mx.arange(offset + n)[None, :] <= queries, 0.0, -mx.inf)
    # task 6.2 end
