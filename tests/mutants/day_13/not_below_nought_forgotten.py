"""You took the absolute difference. Where the draft says a token too often, nothing is left of it.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[the-draft-says-too-much]
"""


def residual(target, draft):
    # task 13.4 begin
    more = np.abs(target - draft)
    total = more.sum()
    return more / total if total > 0 else target
    # task 13.4 end
