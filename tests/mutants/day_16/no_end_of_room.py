"""You rounded infinity.

task: 16.4
caught-by: test_day_16.py::test_without_a_bound_there_is_always_room
"""


def room(report, reports, factor):
    # task 16.4 begin
    if factor is None:
        return True
    return report.requests + 1 <= ceil(factor * (reports.total + 1) * report.speed / reports.speed)
    # task 16.4 end
