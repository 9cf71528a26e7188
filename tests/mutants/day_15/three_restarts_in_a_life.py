"""You never forget tries. A server that has been restarted three times in a year is given up.

task: 15.5
caught-by: test_day_15.py::test_an_engine_that_has_worked_ends_the_row
"""


class Life:
    def look(self):
        # task 15.5 begin
        problem = self.problem()
        if problem is None:
            return
        if self._draining or self._ended:
            return
        self.bridge.close(EngineDown(problem))
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
