"""You removed every token that the draft may say from the target. What the target has more of stays, even for tokens
that the draft says too.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[reversed]
"""


def residual(target, draft):
    # task 13.4 begin
    more = np.where(draft > 0, 0.0, target)
    total = more.sum()
    return more / total if total > 0 else target
    # task 13.4 end
