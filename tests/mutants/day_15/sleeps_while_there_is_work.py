"""Your thread waits for a message although the engine has work. Then no request gets a token until a new one comes.

task: 15.2
caught-by: test_day_15.py::test_steps_follow_each_other_while_there_is_work
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        while True:
            try:
                message = self.inbox.get()
            except Empty:
                return True
            if isinstance(message, Stop):
                return False
            self.carry_out(message, tell)
        # task 15.2 end
