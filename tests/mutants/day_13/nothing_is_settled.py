"""You did not note what was guessed. Then all that came true is computed again, and the control hears of nothing.

task: 13.2
caught-by: test_day_13.py::test_what_came_true_is_computed[1-slots]
"""


class SpeculativeScheduler:
    def commit(self, plan):
        # task 13.2 begin
        super().commit(replace(plan, work=tuple(map(without_guesses, plan.work))))
        # task 13.2 end
