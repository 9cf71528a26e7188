"""You gave slow machines the same share as fast ones.

task: 16.4
caught-by: test_day_16.py::test_a_fast_machine_has_a_larger_share
"""


def room(report, reports, factor):
    # task 16.4 begin
    if factor == inf:
        return True
    return report.requests + 1 <= ceil(factor * (reports.total + 1) * 1 / len(reports))
    # task 16.4 end
