"""You noted guesses only if there were two or more. A single one may come true as well.

task: 13.2
caught-by: test_day_13.py::test_a_single_guess[slots]
"""


class SpeculativeScheduler:
    def commit(self, plan):
        # task 13.2 begin
        super().commit(replace(plan, work=tuple(map(without_guesses, plan.work))))
        for work in plan.work:
            if work.wanted > 2:
                had = len(self.running[work.request_id].tokens)
                self._unsettled[work.request_id] = (had, work.tokens[1 - work.wanted :])
        # task 13.2 end
