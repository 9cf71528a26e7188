"""Your thread waits for a moment, then looks again. It should sleep until a message comes.

task: 15.2
caught-by: test_day_15.py::test_an_idle_thread_sleeps
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        while True:
            try:
                message = self.inbox.get(block=not self.engine.has_work, timeout=0.01)
            except Empty:
                return True
            if isinstance(message, Stop):
                return False
            self.carry_out(message, tell)
        # task 15.2 end
