"""You forget the least and the most of the other: its slowest request is lost.

task: 14.1
caught-by: test_day_14.py::test_merging_is_as_if_recorded_here
"""


class Histogram:
    def merge(self, other):
        # task 14.1 begin
        if other.borders != self.borders:
            raise ValueError(
                f"only histograms of the same borders can be added: this one has {self.low} to {self.high} with an "
                f"error of {self.error}, the other {other.low} to {other.high} with {other.error}; make both alike"
            )
        self.counts = [mine + others for mine, others in zip(self.counts, other.counts, strict=True)]
        self.total += other.total
        pass
        # task 14.1 end
