"""A step of exactly `stuck_after` seconds is still all right.

task: 15.5
caught-by: test_day_15.py::test_a_step_is_stuck_after_more_than_the_limit
"""


class Life:
    def problem(self):
        # task 15.5 begin
        worker = self.bridge.worker
        if self.bridge.down is not None:
            return str(self.bridge.down)
        if not worker.is_alive:
            return "the engine's thread is dead"
        since = worker.busy_since
        if since is not None and self._clock.now() - since >= self.stuck_after:
            return f"the engine hangs: a step has been running for {self._clock.now() - since:.1f} s"
        return None
        # task 15.5 end
