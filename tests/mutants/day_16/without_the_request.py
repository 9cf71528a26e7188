"""You left out the request itself: an idle slow machine then looks better than a fast one that has a little to do.

task: 16.1
caught-by: test_day_16.py::test_the_request_itself_counts
"""


class LeastOutstanding:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return min(reports, key=lambda report: (report.tokens / report.speed, report.requests)).replica
        # task 16.1 end
