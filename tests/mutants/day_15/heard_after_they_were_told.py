"""You tell the events before `on_step` has heard them. Whoever gets the last event may look at numbers that do not know it yet.

task: 15.2
caught-by: test_day_15.py::test_events_are_annotated_one_by_one_and_heard_before_they_are_told
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        try:
            while self.read(tell):
                self.busy_since = self._clock.now()
                events = [self._annotate(event) for event in self.engine.step()]
                self.steps += 1
                self.busy_since = None
                tell(Stepped(events))
                self._on_step(events)
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
