"""You allowed one more than the share: a whole number is not rounded up.

task: 16.4
caught-by: test_day_16.py::test_a_share_that_is_whole_is_not_rounded_up
"""


def room(report, reports, factor):
    # task 16.4 begin
    if factor == inf:
        return True
    return report.requests + 1 <= int(factor * (reports.total + 1) * report.speed / reports.speed) + 1
    # task 16.4 end
