"""You computed the bucket with a logarithm, rounded: on a border, rounding decides. The borders themselves are there to
be compared with.

task: 14.1
caught-by: test_day_14.py::test_every_border_is_exact
"""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        place = 0 if value <= self.low else math.ceil(math.log(value / self.low) / math.log(self.growth))
        self.counts[min(place, len(self.borders))] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end
