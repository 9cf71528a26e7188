"""You took away whatever has ended, even what was never in the report.

task: 16.2
caught-by: test_day_16.py::test_came_and_went_between_two_reports
"""


class Board:
    def correct(self, report):
        # task 16.2 begin
        requests, tokens = report.requests, report.tokens
        for one in self._mine.get(report.replica, {}).values():
            known, over = one.sent <= report.taken, one.ended is not None
            if over:
                requests, tokens = requests - 1, tokens - one.tokens
            elif not known and not over:
                requests, tokens = requests + 1, tokens + one.tokens
        return report._replace(requests=max(0, requests), tokens=max(0, tokens))
        # task 16.2 end
