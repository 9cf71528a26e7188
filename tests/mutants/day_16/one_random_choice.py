"""You took the first without looking at the second.

task: 16.3
caught-by: test_day_16.py::test_the_busiest_is_never_chosen[a]
"""


class TwoChoices:
    def choose(self, ask, reports, now):
        # task 16.3 begin
        first, second = self.pair(ask, reports)
        if now - min(first.taken, second.taken) > self.max_age:
            return first.replica
        by_first, by_second = ((each.tokens + ask.tokens) / each.speed for each in (first, second))
        return first.replica
        # task 16.3 end
