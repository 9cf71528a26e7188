"""Your thread never waits for a message. An idle server then keeps a core busy with looking.

task: 15.2
caught-by: test_day_15.py::test_an_idle_thread_sleeps
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        while True:
            try:
                message = self.inbox.get(block=False)
            except Empty:
                if self.engine.has_work:
                    return True
                continue
            if isinstance(message, Stop):
                return False
            self.carry_out(message, tell)
        # task 15.2 end
