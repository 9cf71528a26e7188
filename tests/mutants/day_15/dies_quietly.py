"""Your thread ends without a word when something is raised. Every caller waits forever, and /health says that all is
well.

task: 15.2
caught-by: test_day_15.py::test_whatever_ends_the_thread_is_told[annotate-KeyboardInterrupt]
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
                tell(Stepped(events))
        except BaseException:
            return
        # task 15.2 end
