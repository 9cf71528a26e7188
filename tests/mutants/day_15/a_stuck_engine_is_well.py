"""You only check whether the thread is alive. A thread that hangs is alive.

task: 15.5
caught-by: test_day_15.py::test_health_says_what_is_wrong[stuck]
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
        return None
        # task 15.5 end
