"""You replace the engine, and the callers that were in the old one wait forever.

task: 15.5
caught-by: test_day_15.py::test_a_broken_engine_is_replaced[dead]
"""


class Life:
    def look(self):
        # task 15.5 begin
        problem = self.problem()
        if problem is None:
            if self.bridge.worker.steps > 0:
                self._tries = 0
            return
        if self._draining or self._ended:
            return
        if self._tries == self.max_restarts:
            return
        self._tries += 1
        try:
            bridge = self._make()
            bridge.start()
        except Exception:  # the problem is still there, and the next look finds it
            return
        self.bridge = bridge
        self.restarts += 1
        # task 15.5 end
