"""You don't check whether the thread is alive. A server whose engine is gone says that it is well.

task: 15.5
caught-by: test_day_15.py::test_health_says_what_is_wrong[dead]
"""


class Life:
    def problem(self):
        # task 15.5 begin
        worker = self.bridge.worker
        if self.bridge.down is not None:
            return str(self.bridge.down)
        since = worker.busy_since
        if since is not None and self._clock.now() - since > self.stuck_after:
            return f"the engine hangs: a step has been running for {self._clock.now() - since:.1f} s"
        return None
        # task 15.5 end
