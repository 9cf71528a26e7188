"""You forget the tries as soon as an engine looks well. One that dies in its first step looks well before it.

task: 15.5
caught-by: test_day_15.py::test_an_engine_that_is_only_there_does_not_end_the_row
"""


class Life:
    def look(self):
        # task 15.5 begin
        problem = self.problem()
        if problem is None:
            self._tries = 0
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
