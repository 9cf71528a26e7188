"""You drew twice with the same turn: the second follows from the first.

task: 16.3
caught-by: test_day_16.py::test_all_pairs_are_as_likely
"""


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        first = draw(self.seed, ask.id, count)
        if count == 1:
            return reports[0], reports[0]
        second = draw(self.seed, ask.id, count - 1)
        return reports[first], reports[second + (second >= first)]
        # task 16.3 end
