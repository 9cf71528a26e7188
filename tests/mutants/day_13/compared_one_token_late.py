"""You noted one token too many. When a plan is committed, the token before the guesses is there, the next is not.

task: 13.2
caught-by: test_day_13.py::test_what_came_true_is_computed[1-slots]
"""


class SpeculativeScheduler:
    def commit(self, plan):
        # task 13.2 begin
        super().commit(replace(plan, work=tuple(map(without_guesses, plan.work))))
        for work in plan.work:
            if work.wanted > 1:
                had = len(self.running[work.request_id].tokens) + 1
                self._unsettled[work.request_id] = (had, work.tokens[1 - work.wanted :])
        # task 13.2 end
