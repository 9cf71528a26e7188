"""You tell only steps that have events. There is one Stepped for each step.

task: 15.2
caught-by: test_day_15.py::test_a_step_without_events_is_told_too
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
                self.busy_since = None
                if events:
                    tell(Stepped(events))
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
