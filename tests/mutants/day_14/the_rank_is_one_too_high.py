"""You take the next value, as with a list that counts from 0: the median of four is the second, not the third.

task: 14.1
caught-by: test_day_14.py::test_a_percentile_is_the_value_of_somebody[50-10]
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return None
        rank = min(count, math.floor(share * count / 100) + 1)
        place = bisect_left(list(accumulate(self.counts)), rank)
        return min(max(self._middle(place), self.least), self.most)
        # task 14.1 end
