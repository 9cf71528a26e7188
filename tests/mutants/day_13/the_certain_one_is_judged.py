"""You noted the request's own token among its guesses.

task: 13.2
caught-by: test_day_13.py::test_what_came_true_is_computed[1-slots]
"""


class SpeculativeScheduler:
    def commit(self, plan):
        # task 13.2 begin
        super().commit(replace(plan, work=tuple(map(without_guesses, plan.work))))
        for work in plan.work:
            if work.wanted > 1:
                had = len(self.running[work.request_id].tokens)
                self._unsettled[work.request_id] = (had, work.tokens[-work.wanted :])
        # task 13.2 end
