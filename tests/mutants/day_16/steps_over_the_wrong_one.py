"""You stepped over the first only beyond it: when both draws are the same, it is drawn twice.

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
        second = draw(self.seed, ask.id, count - 1, turn=1)
        return reports[first], reports[second + (second > first)]
        # task 16.3 end
