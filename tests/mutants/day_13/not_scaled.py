"""You did not scale what is left: probabilities add up to 1.

task: 13.4
caught-by: test_day_13.py::test_the_residual_is_what_the_target_has_more_of[the-draft-says-too-much]
"""


def residual(target, draft):
    # task 13.4 begin
    more = np.maximum(target - draft, 0.0)
    return more if more.sum() > 0 else target
    # task 13.4 end
