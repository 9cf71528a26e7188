"""You take a server that waits for work for one that hangs. At night it would be restarted every ten seconds.

task: 15.5
caught-by: test_day_15.py::test_who_waits_for_work_is_well_however_long
"""


class Life:
    def problem(self):
        # task 15.5 begin
        worker = self.bridge.worker
        if self.bridge.down is not None:
            return str(self.bridge.down)
        if not worker.is_alive:
            return "the engine's thread is dead"
        since = worker.busy_since or 0.0
        if since is not None and self._clock.now() - since > self.stuck_after:
            return f"the engine hangs: a step has been running for {self._clock.now() - since:.1f} s"
        return None
        # task 15.5 end
