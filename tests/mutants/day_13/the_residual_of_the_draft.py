"""You subtracted the wrong way round: the residual is what the target has more of.

task: 13.4
caught-by: test_day_13.py::test_the_residual_is_what_the_target_has_more_of[the-draft-says-too-much]
"""


def residual(target, draft):
    # task 13.4 begin
    more = np.maximum(draft - target, 0.0)
    total = more.sum()
    return more / total if total > 0 else target
    # task 13.4 end
