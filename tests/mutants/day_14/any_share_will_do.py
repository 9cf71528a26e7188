"""You answer for 101%: a mistake in the question should be reported.

task: 14.1
caught-by: test_day_14.py::test_percent_end_at_a_hundred[above]
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        share = min(share, 100)
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return None
        rank = max(1, math.ceil(share * count / 100))
        place = bisect_left(list(accumulate(self.counts)), rank)
        return min(max(self._middle(place), self.least), self.most)
        # task 14.1 end
