"""You compared tokens, as if all machines were equally fast.

task: 16.1
caught-by: test_day_16.py::test_a_fast_machine_takes_more
"""


class LeastOutstanding:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return min(reports, key=lambda report: (report.tokens, report.requests)).replica
        # task 16.1 end
