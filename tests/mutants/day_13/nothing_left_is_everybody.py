"""You made all tokens equally likely where nothing is left. Draft and target are equal there: it is the target.

task: 13.4
caught-by: test_day_13.py::test_the_residual_is_what_the_target_has_more_of[equal]
"""


def residual(target, draft):
    # task 13.4 begin
    more = np.maximum(target - draft, 0.0)
    total = more.sum()
    return more / total if total > 0 else np.full(len(target), 1 / len(target))
    # task 13.4 end
