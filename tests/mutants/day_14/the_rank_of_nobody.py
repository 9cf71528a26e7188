"""You let the rank of percentile 0 be 0, which no value has.

task: 14.1
caught-by: test_day_14.py::test_a_percentile_is_the_value_of_somebody[0-1]
"""


class Histogram:
    def percentile(self, share):
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return None
        rank = math.ceil(share * count / 100)
        place = bisect_left(list(accumulate(self.counts)), rank)
        return self.low if rank == 0 else min(max(self._middle(place), self.least), self.most)
        # task 14.1 end
