"""Your two choices may be one and the same replica: then there is no choice.

task: 16.3
caught-by: test_day_16.py::test_two_different_ones
"""


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        first = draw(self.seed, ask.id, count)
        if count == 1:
            return reports[0], reports[0]
        second = draw(self.seed, ask.id, count, turn=1)
        return reports[first], reports[second]
        # task 16.3 end
