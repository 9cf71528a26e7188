"""You take the share to be from 0 to 1. It is in percent.

task: 14.1
caught-by: test_day_14.py::test_a_percentile_is_the_value_of_somebody[50-10]
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share")
        count = len(self)
        if not count:
            return None
        rank = min(count, max(1, math.ceil(share * count)))
        place = bisect_left(list(accumulate(self.counts)), rank)
        return min(max(self._middle(place), self.least), self.most)
        # task 14.1 end
