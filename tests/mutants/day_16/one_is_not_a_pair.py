"""You drew a second one where there is only one.

task: 16.3
caught-by: test_day_16.py::test_one_replica_is_both
"""


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        first = draw(self.seed, ask.id, count)
        if count == 0:
            return reports[0], reports[0]
        second = draw(self.seed, ask.id, count - 1, turn=1)
        return reports[first], reports[second + (second >= first)]
        # task 16.3 end
