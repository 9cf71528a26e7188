"""You let through what `make` raises. It ends the watch, and nothing ever tries again.

task: 15.5
caught-by: test_day_15.py::test_a_new_engine_that_cannot_be_made_is_tried_again
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
        self._tries += 1
        bridge = self._make()
        bridge.start()
        self.bridge = bridge
        self.restarts += 1
        # task 15.5 end
