"""You merge one histogram after another and let the first odd one raise: by then the others are merged.

task: 14.3
caught-by: test_day_14.py::test_refused_whole[gap]
"""


class Totals:
    def merge(self, other):
        # task 14.3 begin
        if other.objective != self.objective:
            raise ValueError(
                f"{other.objective} there, {self.objective} here: what is good by one says nothing of the other; merge "
                "totals of one objective"
            )
        pairs = [(getattr(self, name), getattr(other, name)) for name in HISTOGRAMS]
        for mine, others in pairs:
            mine.merge(others)
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended = self.ended + other.ended
        self.seconds = max(self.seconds, other.seconds)
        # task 14.3 end
