"""You counted requests, not their work: one long prompt is as much as many short ones.

task: 16.1
caught-by: test_day_16.py::test_work_is_tokens_not_requests
"""


class LeastOutstanding:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return min(reports, key=lambda report: (report.requests, report.tokens)).replica
        # task 16.1 end
