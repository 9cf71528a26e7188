"""You left the seed out: all routers draw the same.

task: 16.3
caught-by: test_day_16.py::test_a_pair_depends_on_seed_and_id_alone
"""


class TwoChoices:
    def pair(self, ask, reports):
        # task 16.3 begin
        count = len(reports)
        first = draw(0, ask.id, count)
        if count == 1:
            return reports[0], reports[0]
        second = draw(0, ask.id, count - 1, turn=1)
        return reports[first], reports[second + (second >= first)]
        # task 16.3 end
