"""Your second choice is the neighbour of the first: the one after a busy one is always compared with it.

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
        second = draw(self.seed, ask.id, count - 1, turn=1)
        return reports[first], reports[(first + 1) % count]
        # task 16.3 end
