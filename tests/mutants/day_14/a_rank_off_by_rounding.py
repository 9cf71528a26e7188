"""You divide first: 7 / 100 × 100 is 7.000000000000001, whose next whole number is 8. Multiply first.

task: 14.1
caught-by: test_day_14.py::test_a_rank_is_not_off_by_rounding[7]
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return None
        rank = max(1, math.ceil(share / 100 * count))
        place = bisect_left(list(accumulate(self.counts)), rank)
        return min(max(self._middle(place), self.least), self.most)
        # task 14.1 end
