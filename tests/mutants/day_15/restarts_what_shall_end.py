"""You start a new engine while the server ends. A bridge that was closed looks broken.

task: 15.5
caught-by: test_day_15.py::test_who_is_about_to_end_is_not_replaced[drain]
"""


class Life:
    def look(self):
        # task 15.5 begin
        problem = self.problem()
        if problem is None:
            if self.bridge.worker.steps > 0:
                self._tries = 0
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
