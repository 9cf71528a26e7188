"""You set `busy_since` once and keep it. A long queue of short steps then looks like one step that hangs.

task: 15.2
caught-by: test_day_15.py::test_busy_since_tells_when_the_step_began
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        try:
            while self.read(tell):
                self.busy_since = self.busy_since or self._clock.now()
                events = [self._annotate(event) for event in self.engine.step()]
                self._on_step(events)
                self.steps += 1
                if not self.engine.has_work:
                    self.busy_since = None
                tell(Stepped(events))
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
