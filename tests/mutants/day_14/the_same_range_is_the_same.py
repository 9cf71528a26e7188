"""You compare where the borders begin, and not how fast they grow.

task: 14.1
caught-by: test_day_14.py::test_other_borders_are_refused[wider]
"""


class Histogram:
    def merge(self, other):
        # task 14.1 begin
        if (other.low, other.high) != (self.low, self.high):
            raise ValueError(
                f"only histograms of the same borders can be added: this one has {self.low} to {self.high} with an "
                f"error of {self.error}, the other {other.low} to {other.high} with {other.error}; make both alike"
            )
        self.counts = [mine + others for mine, others in zip(self.counts, other.counts)]
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        # task 14.1 end
