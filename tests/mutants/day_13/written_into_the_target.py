"""You subtracted in place: the target that was given is another one now.

task: 13.4
caught-by: test_day_13.py::test_the_residual_is_what_the_target_has_more_of[the-draft-says-too-much]
"""


def residual(target, draft):
    # task 13.4 begin
    before = target.copy()
    target -= draft
    np.maximum(target, 0.0, out=target)
    total = target.sum()
    return target / total if total > 0 else before
    # task 13.4 end
