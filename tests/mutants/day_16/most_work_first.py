"""You sent it to the replica that has the most to do.

task: 16.1
caught-by: test_day_16.py::test_the_least_work[first]
"""


class LeastOutstanding:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return max(reports, key=lambda report: ((report.tokens + ask.tokens) / report.speed, report.requests)).replica
        # task 16.1 end
