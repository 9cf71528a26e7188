"""You replace engines that never work, again and again, each with a model's memory. Someone must be told.

task: 15.5
caught-by: test_day_15.py::test_engines_that_never_work_are_given_up[0]
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
        self._tries += 1
        try:
            bridge = self._make()
            bridge.start()
        except Exception:  # the problem is still there, and the next look finds it
            return
        self.bridge = bridge
        self.restarts += 1
        # task 15.5 end
