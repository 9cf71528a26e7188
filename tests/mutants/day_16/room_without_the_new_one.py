"""You compared what it has, not what it would have with the new one.

task: 16.4
caught-by: test_day_16.py::test_room_up_to_the_bound[all-that-it-may]
"""


def room(report, reports, factor):
    # task 16.4 begin
    if factor == inf:
        return True
    return report.requests <= ceil(factor * (reports.total + 1) * report.speed / reports.speed)
    # task 16.4 end
