"""Of replicas with equal work you took the first, not the one with the fewest requests.

task: 16.1
caught-by: test_day_16.py::test_equal_work_goes_to_fewer_requests_then_by_name
"""


class LeastOutstanding:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return min(reports, key=lambda report: (report.tokens + ask.tokens) / report.speed).replica
        # task 16.1 end
