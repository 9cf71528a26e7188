"""You began with the second replica: requests are numbered from 0.

task: 16.1
caught-by: test_day_16.py::test_one_after_the_other
"""


class RoundRobin:
    def choose(self, ask, reports, now):
        # task 16.1 begin
        return reports[(ask.number + 1) % len(reports)].replica
        # task 16.1 end
