"""You put the aborts after what the step brought. They happened before it.

task: 9.5
caught-by: test_day_09.py::test_events_come_in_the_order_in_which_they_happened
"""


class Engine:
    def step(self):
        # task 9.5 begin
        aborted, self._events, events = self._events, [], []
        plan = self._plan()
        events += [PreemptedEvent(request_id) for request_id in plan.preempted]
        if not plan.work:
            return events + aborted
        started = self._clock.now()
        try:
            sampled = self._run(plan)
        except Exception as error:  # whatever it is, only those who were in it are lost
            return events + self._fail(plan, error) + aborted
        if self.budget is not None:
            self.budget.observe(plan.num_tokens, self._clock.now() - started)
        self.scheduler.commit(plan)
        self._report(plan, sampled)
        for request_id, tokens in sampled.items():
            events += self._accept(request_id, tokens)
        return events + aborted
        # task 9.5 end
