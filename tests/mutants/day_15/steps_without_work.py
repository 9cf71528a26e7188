"""Your thread steps before it reads. The first step has nothing to do, and a new request waits for the end of the one before.

task: 15.2
caught-by: test_day_15.py::test_an_idle_thread_sleeps
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        try:
            going = True
            while going:
                self.busy_since = self._clock.now()
                events = [self._annotate(event) for event in self.engine.step()]
                self._on_step(events)
                self.steps += 1
                self.busy_since = None
                tell(Stepped(events))
                going = self.read(tell)
        except BaseException as error:
            tell(Died(error))
        # task 15.2 end
