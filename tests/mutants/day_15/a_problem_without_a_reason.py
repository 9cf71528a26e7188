"""You say that something is wrong, and not what. Whoever is woken at night wants to know.

task: 15.5
caught-by: test_day_15.py::test_health_says_what_is_wrong
"""


class Life:
    def problem(self):
        # task 15.5 begin
        worker = self.bridge.worker
        if self.bridge.down is not None:
            return "unwell"
        if not worker.is_alive:
            return "the engine's thread is dead"
        since = worker.busy_since
        if since is not None and self._clock.now() - since > self.stuck_after:
            return f"the engine hangs: a step has been running for {self._clock.now() - since:.1f} s"
        return None
        # task 15.5 end
