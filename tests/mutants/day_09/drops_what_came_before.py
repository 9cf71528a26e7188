"""You forgot the aborts and preemptions that came before a step that broke: a caller waits for an end that never
comes.

task: 9.5
caught-by: test_day_09.py::test_what_happened_before_it_broke_is_reported
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
            sampled = self._run(plan)
        except Exception as error:  # whatever it is, only those who were in it are lost
            return self._fail(plan, error)
        if self.budget is not None:
            self.budget.observe(plan.num_tokens, self._clock.now() - started)
        self.scheduler.commit(plan)
        self._report(plan, sampled)
        for request_id, tokens in sampled.items():
            events += self._accept(request_id, tokens)
        return events
        # task 9.5 end
