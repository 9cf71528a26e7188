"""You tell the engine's own events. `annotate` adds what the runner knows: log-probabilities, cached tokens.

task: 15.2
caught-by: test_day_15.py::test_events_are_annotated_one_by_one_and_heard_before_they_are_told
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        try:
            while self.read(tell):
                self.busy_since = self._clock.now()
                events = self.engine.step()
                self._on_step(events)
                self.steps += 1
                self.busy_since = None
                tell(Stepped(events))
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
