"""You put a value that is a border into the bucket above it: the upper border belongs to its bucket.

task: 14.1
caught-by: test_day_14.py::test_a_bucket_holds_its_upper_border
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        from bisect import bisect_right

        self.counts[bisect_right(self.borders, value)] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
