"""You say that all is well while requests are no longer taken. A load balancer that believes it goes on sending them
here.

task: 15.5
caught-by: test_day_15.py::test_draining_waits_for_those_who_are_served[in-time]
"""


class Life:
    def health(self):
        # task 15.5 begin
        ending = self._draining or self._ended
        why = self.problem()
        return Health(why is None, why or "ok", self.restarts)
        # task 15.5 end
