"""You add to the sum before you look whether the value is any good: what is refused must change nothing.

task: 14.1
caught-by: test_day_14.py::test_what_is_no_duration_is_refused[negative]
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        self.total += value
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[bisect_left(self.borders, value)] += 1
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
