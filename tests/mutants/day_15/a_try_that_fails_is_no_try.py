"""You count tries that succeed. Where there is no memory for another engine, you try forever.

task: 15.5
caught-by: test_day_15.py::test_tries_that_fail_are_counted
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
        self.bridge.close(EngineDown(problem))
        if self._tries == self.max_restarts:
            return
        try:
            bridge = self._make()
            bridge.start()
        except Exception:  # the problem is still there, and the next look finds it
            return
        self.bridge = bridge
        self.restarts += 1
        self._tries += 1
        # task 15.5 end
