"""You drew a replica by the id, where it should be taken in turn.

task: 16.1
caught-by: test_day_16.py::test_one_after_the_other
"""


class RoundRobin:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return reports[draw(0, ask.id, len(reports)) % len(reports)].replica
        # task 16.1 end
