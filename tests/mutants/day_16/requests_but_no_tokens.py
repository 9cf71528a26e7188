"""You corrected the number of requests, and not their tokens.

task: 16.2
caught-by: test_day_16.py::test_what_was_sent_since_counts
"""


class Board:
    def correct(self, report):
        # task 16.2 begin
        requests, tokens = report.requests, report.tokens
        for one in self._mine.get(report.replica, {}).values():
            known, over = one.sent <= report.taken, one.ended is not None
            if known and over:
                requests, tokens = requests - 1, tokens - one.tokens
            elif not known and not over:
                requests += 1
        return report._replace(requests=max(0, requests), tokens=max(0, tokens))
        # task 16.2 end
