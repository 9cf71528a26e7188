"""You set `busy_since` and never take it back. A server that has had nothing to do for a minute then looks as if it
hung.

task: 15.2
caught-by: test_day_15.py::test_busy_since_tells_when_the_step_began
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        try:
            while self.read(tell):
                self.busy_since = self._clock.now()
                events = [self._annotate(event) for event in self.engine.step()]
                self._on_step(events)
                self.steps += 1
                tell(Stepped(events))
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
