"""You committed a plan before it ran: if it breaks, its tokens count as computed.

task: 9.5
caught-by: test_day_09.py::test_nothing_of_a_broken_step_counts_as_computed
"""


class Engine:
    def step(self):
        # task 9.5 begin
        events, self._events = self._events, []
        plan = self._plan()
        events += [PreemptedEvent(request_id) for request_id in plan.preempted]
        if not plan.work:
            return events
        self.scheduler.commit(plan)
        started = self._clock.now()
        try:
            sampled = self._run(plan)
        except Exception as error:  # whatever it is, only those who were in it are lost
            return events + self._fail(plan, error)
        if self.budget is not None:
            self.budget.observe(plan.num_tokens, self._clock.now() - started)
        self._report(plan, sampled)
        for request_id, tokens in sampled.items():
            events += self._accept(request_id, tokens)
        return events
        # task 9.5 end
