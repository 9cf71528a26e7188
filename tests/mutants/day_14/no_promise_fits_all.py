"""You let totals without a promise be merged into others: they never counted what was good.

task: 14.3
caught-by: test_day_14.py::test_promises_dont_mix[none]
"""


class Totals:
    def merge(self, other):
        # task 14.3 begin
        if other.objective not in (None, self.objective):
            raise ValueError(
                f"{other.objective} there, {self.objective} here: what is good by one says nothing of the other; merge "
                "totals of one objective"
            )
        pairs = [(getattr(self, name), getattr(other, name)) for name in HISTOGRAMS]
        if any(mine.borders != others.borders for mine, others in pairs):
            raise ValueError("histograms of other borders can't be added: make those of all processes alike")
        for mine, others in pairs:
            mine.merge(others)
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended = self.ended + other.ended
        self.seconds = max(self.seconds, other.seconds)
        # task 14.3 end
