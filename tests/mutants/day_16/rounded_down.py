"""You rounded the share down: with few requests, no replica has room.

task: 16.4
caught-by: test_day_16.py::test_room_up_to_the_bound[one-less-than-its-share-allows]
"""


def room(report, reports, factor):
    # task 16.4 begin
    if factor == inf:
        return True
    return report.requests + 1 <= int(factor * (reports.total + 1) * report.speed / reports.speed)
    # task 16.4 end
