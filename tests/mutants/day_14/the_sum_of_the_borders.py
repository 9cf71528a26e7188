"""You add up the borders of the buckets instead of the values, so the mean is off though it could be exact.

task: 14.1
caught-by: test_day_14.py::test_sum_least_and_most_are_exact
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[bisect_left(self.borders, value)] += 1
        self.total += self.borders[min(bisect_left(self.borders, value), len(self.borders) - 1)]
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
