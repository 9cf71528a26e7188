"""You divide by the seconds in which a request was there. A service that idles half the day is then as quick as one
that does not.

task: 14.3
caught-by: test_day_14.py::test_shares_have_their_own_whole
"""


class Totals:
    @property
    def tokens_per_second(self):
        # task 14.3 begin
        return self.tokens / (self.seconds - self.idle) if self.seconds else 0.0
        # task 14.3 end
