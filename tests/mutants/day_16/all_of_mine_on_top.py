"""You added all that you have there, even what the report includes: it counts twice.

task: 16.2
caught-by: test_day_16.py::test_a_report_includes_what_happened_up_to_its_moment[at-the-moment]
"""


class Board:
    def correct(self, report):
        # task 16.2 begin
        requests, tokens = report.requests, report.tokens
        for one in self._mine.get(report.replica, {}).values():
            known, over = one.sent <= report.taken, one.ended is not None
            if known and over:
                requests, tokens = requests - 1, tokens - one.tokens
            elif not over:
                requests, tokens = requests + 1, tokens + one.tokens
        return report._replace(requests=max(0, requests), tokens=max(0, tokens))
        # task 16.2 end
