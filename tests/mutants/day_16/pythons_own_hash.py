"""You drew by Python's own hash, which differs in every process.

task: 16.3
caught-by: test_day_16.py::test_drawn_alike_in_every_process
"""


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        first = hash((self.seed, ask.id)) % count
        if count == 1:
            return reports[0], reports[0]
        second = draw(self.seed, ask.id, count - 1, turn=1)
        return reports[first], reports[second + (second >= first)]
        # task 16.3 end
