"""You return 0 for an empty histogram: a service without requests then has the best latency of all.

task: 14.1
caught-by: test_day_14.py::test_nothing_has_no_percentile
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return 0.0
        rank = max(1, math.ceil(share * count / 100))
        place = bisect_left(list(accumulate(self.counts)), rank)
        return min(max(self._middle(place), self.least), self.most)
        # task 14.1 end
