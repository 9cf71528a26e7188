"""You let infinity in: the mean is infinite from then on.

task: 14.1
caught-by: test_day_14.py::test_what_is_no_duration_is_refused[inf]
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value <= math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[bisect_left(self.borders, value)] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
