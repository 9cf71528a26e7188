"""You read Stop and go on as long as the engine has work. What closed the bridge has told every caller the end
already: nobody hears these steps.

task: 15.2
caught-by: test_day_15.py::test_stop_ends_the_thread_even_if_there_is_work
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        while True:
            try:
                message = self.inbox.get(block=not self.engine.has_work)
            except Empty:
                return True
            if isinstance(message, Stop):
                return self.engine.has_work
            self.carry_out(message, tell)
        # task 15.2 end
