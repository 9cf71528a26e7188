"""You believed two reports if one of them was fresh.

task: 16.3
caught-by: test_day_16.py::test_old_reports_say_nothing[a-is-old]
"""


class TwoChoices:
    def choose(self, ask, reports, now):
        # task 16.3 begin
        first, second = self.pair(ask, reports)
        if now - max(first.taken, second.taken) > self.max_age:
            return first.replica
        by_first, by_second = ((each.tokens + ask.tokens) / each.speed for each in (first, second))
        return second.replica if by_second < by_first else first.replica
        # task 16.3 end
