"""You divided by what is left, and where draft and target are equal that is 0.

task: 13.4
caught-by: test_day_13.py::test_the_residual_is_what_the_target_has_more_of[equal]
"""


def residual(target, draft):
    # task 13.4 begin
    more = np.maximum(target - draft, 0.0)
    return more / more.sum()
    # task 13.4 end
