"""You counted values above the last border in the bucket below it, which has an end. There is one more bucket.

task: 14.1
caught-by: test_day_14.py::test_the_first_bucket_begins_at_nothing_and_the_last_never_ends
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[min(bisect_left(self.borders, value), len(self.borders) - 1)] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
