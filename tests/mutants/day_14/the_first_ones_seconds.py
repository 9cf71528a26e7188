"""You keep the first process's seconds, though the other was watched for longer.

task: 14.3
caught-by: test_day_14.py::test_side_by_side_two_minutes_are_one[longer]
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
        if any(mine.borders != others.borders for mine, others in pairs):
            raise ValueError("histograms of other borders can't be added: make those of all processes alike")
        for mine, others in pairs:
            mine.merge(others)
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended = self.ended + other.ended
        pass
        # task 14.3 end
