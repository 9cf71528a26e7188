"""You don't count steps. An engine that works and one that never did look alike.

task: 15.2
caught-by: test_day_15.py::test_steps_follow_each_other_while_there_is_work
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        try:
            while self.read(tell):
                self.busy_since = self._clock.now()
                events = [self._annotate(event) for event in self.engine.step()]
                self._on_step(events)
                self.busy_since = None
                tell(Stepped(events))
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
