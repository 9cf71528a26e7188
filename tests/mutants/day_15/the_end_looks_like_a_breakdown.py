"""You close with EngineDown. The engine was well: the server ends.

task: 15.5
caught-by: test_day_15.py::test_the_end_closes_the_bridge_that_serves
"""


class Life:
    def end(self):
        # task 15.5 begin
        self._ended = True
        self.bridge.close(EngineDown("the server has ended before this answer had"))
        # task 15.5 end
