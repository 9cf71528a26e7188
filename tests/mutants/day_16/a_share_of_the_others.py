"""You left the new request out of all: an idle fleet has room for none.

task: 16.4
caught-by: test_day_16.py::test_the_new_one_is_one_of_all
"""


def room(report, reports, factor):
    # task 16.4 begin
    if factor == inf:
        return True
    return report.requests + 1 <= ceil(factor * reports.total * report.speed / reports.speed)
    # task 16.4 end
