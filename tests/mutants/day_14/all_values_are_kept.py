"""You keep every value beside the counts. A day of service has millions.

task: 14.1
caught-by: test_day_14.py::test_a_histogram_does_not_grow
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[bisect_left(self.borders, value)] += 1
        self.values = [*getattr(self, 'values', []), value]
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
