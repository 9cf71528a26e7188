"""You asked the runner, and not `_run`, which checks that no request was forgotten: a forgotten one waits forever.

task: 9.5
caught-by: test_day_09.py::test_a_runner_that_forgets_somebody_has_broken_the_step
"""


class Engine:
    def step(self):
        # task 9.5 begin
        events, self._events = self._events, []
        plan = self._plan()
        events += [PreemptedEvent(request_id) for request_id in plan.preempted]
        if not plan.work:
            return events
        started = self._clock.now()
        try:
            sampled = self.runner.run(plan)
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
