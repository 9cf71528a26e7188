"""You compared the tokens of the two, and not what each needs for them and for this request.

task: 16.3
caught-by: test_day_16.py::test_both_choices_count_the_speed_and_the_request
"""


class TwoChoices:
    def choose(self, ask, reports, now):
        # task 16.3 begin
        first, second = self.pair(ask, reports)
        if now - min(first.taken, second.taken) > self.max_age:
            return first.replica
        by_first, by_second = (each.tokens for each in (first, second))
        return second.replica if by_second < by_first else first.replica
        # task 16.3 end
