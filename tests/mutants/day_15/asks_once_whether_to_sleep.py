"""You ask the engine once, at the beginning, whether it has work. After the first message the answer may be another one.

task: 15.2
caught-by: test_day_15.py::test_messages_are_carried_out_in_order_and_before_the_step
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        idle = not self.engine.has_work
        while True:
            try:
                message = self.inbox.get(block=idle)
            except Empty:
                return True
            if isinstance(message, Stop):
                return False
            self.carry_out(message, tell)
        # task 15.2 end
