"""You let a replica have less than nothing to do.

task: 16.2
caught-by: test_day_16.py::test_never_below_nothing
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
                requests, tokens = requests + 1, tokens + one.tokens
        return report._replace(requests=requests, tokens=tokens)
        # task 16.2 end
