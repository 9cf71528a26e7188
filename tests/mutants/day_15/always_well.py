"""Your /health says only that it can speak. That is true even of a server that answers nobody.

task: 15.5
caught-by: test_day_15.py::test_health_says_what_is_wrong[dead]
"""


class Life:
    def health(self):
        # task 15.5 begin
        ending = self._draining or self._ended
        why = "the server is about to end" if ending else self.problem()
        return Health(True, why or "ok", self.restarts)
        # task 15.5 end
