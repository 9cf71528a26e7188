"""You add as many counts as both have: with other borders they mean something else.

task: 14.1
caught-by: test_day_14.py::test_other_borders_are_refused[more]
"""


class Histogram:
    def merge(self, other):
        # task 14.1 begin
        self.counts = [mine + others for mine, others in zip(self.counts, other.counts)] + self.counts[len(other.counts):]
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        # task 14.1 end
