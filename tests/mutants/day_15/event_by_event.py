"""You tell each event by itself. That wakes the event loop once per token, not once per step.

task: 15.2
caught-by: test_day_15.py::test_messages_are_carried_out_in_order_and_before_the_step
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
                for event in events:
                    tell(Stepped([event]))
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
