"""You give the bucket's middle though no value is as large: a percentile is never above the greatest of all, or below
the least.

task: 14.1
caught-by: test_day_14.py::test_a_single_value_is_all_percentiles
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return None
        rank = max(1, math.ceil(share * count / 100))
        place = bisect_left(list(accumulate(self.counts)), rank)
        return self._middle(place)
        # task 14.1 end
