"""You committed the whole plan. It is not yet known which guesses came true: blocks with wrong ones would be kept.

task: 13.2
caught-by: test_day_13.py::test_nothing_counts_before_it_has_come[slots]
"""


class SpeculativeScheduler:
    def commit(self, plan):
        # task 13.2 begin
        super().commit(plan)
        for work in plan.work:
            if work.wanted > 1:
                had = len(self.running[work.request_id].tokens)
                self._unsettled[work.request_id] = (had, work.tokens[1 - work.wanted :])
        # task 13.2 end
