"""You tell the error and go on with the next step. The engine handles what a runner raises by itself; what comes here
says that the engine is broken.

task: 15.2
caught-by: test_day_15.py::test_whatever_ends_the_thread_is_told[annotate-KeyboardInterrupt]
"""


class EngineThread:
    def serve(self, tell):
        # task 15.2 begin
        tries = 0
        while tries < 3:
            try:
                while self.read(tell):
                    self.busy_since = self._clock.now()
                    events = [self._annotate(event) for event in self.engine.step()]
                    self._on_step(events)
                    self.steps += 1
                    self.busy_since = None
                    tell(Stepped(events))
                return
            except BaseException as error:
                tries += 1
                tell(Died(error))
        # task 15.2 end
