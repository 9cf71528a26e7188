"""You return the last border for whatever is longer. Then nothing ever takes longer than that.

task: 14.1
caught-by: test_day_14.py::test_the_ends_have_their_own_promise
"""


class Histogram:
    def _middle(self, bucket):
        # task 14.1 begin
        if bucket == 0:
            return self.least
        if bucket == len(self.borders):
            return self.borders[-1]
        below, above = self.borders[bucket - 1], self.borders[bucket]
        return 2 * below * above / (below + above)
        # task 14.1 end
