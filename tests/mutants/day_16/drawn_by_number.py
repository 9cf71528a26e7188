"""You drew by the number of the request: routers number theirs alike, and then choose alike.

task: 16.3
caught-by: test_day_16.py::test_a_pair_depends_on_seed_and_id_alone
"""


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        first = draw(self.seed, str(ask.number), count)
        if count == 1:
            return reports[0], reports[0]
        second = draw(self.seed, str(ask.number), count - 1, turn=1)
        return reports[first], reports[second + (second >= first)]
        # task 16.3 end
