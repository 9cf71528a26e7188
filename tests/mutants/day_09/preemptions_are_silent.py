"""You did not report preemptions.

task: 9.5
caught-by: test_day_09.py::test_a_preemption_is_reported
"""


class Engine:
    def step(self):
        # task 9.5 begin
        events, self._events = self._events, []
        plan = self._plan()
        if not plan.work:
            return events
        started = self._clock.now()
        try:
            sampled = self._run(plan)
        except Exception as error:  # whatever it is, only those who were in it are lost
            return events + self._fail(plan, error)
        if self.budget is not None:
            self.budget.observe(plan.num_tokens, self._clock.now() - started)
        self.scheduler.commit(plan)
        self._report(plan, sampled)
        for request_id, tokens in sampled.items():
            events += self._accept(request_id, tokens)
        return events
        # task 9.5 end
