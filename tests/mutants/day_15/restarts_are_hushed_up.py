"""You don't say how often the engine was replaced. Once a minute is not well.

task: 15.5
caught-by: test_day_15.py::test_a_broken_engine_is_replaced[dead]
"""


class Life:
    def health(self):
        # task 15.5 begin
        ending = self._draining or self._ended
        why = "the server is about to end" if ending else self.problem()
        return Health(why is None, why or "ok", 0)
        # task 15.5 end
