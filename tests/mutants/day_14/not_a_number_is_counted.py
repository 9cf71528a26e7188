"""You ask whether a value is below 0 or infinite. NaN is neither, compares with nothing, and spoils the sum forever.

task: 14.1
caught-by: test_day_14.py::test_what_is_no_duration_is_refused[nan]
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if value < 0 or value == math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[bisect_left(self.borders, value)] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
