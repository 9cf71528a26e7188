"""You carry out one message and then step. If ten come at once, the last waits ten steps, and so does a cancel.

task: 15.2
caught-by: test_day_15.py::test_messages_are_carried_out_in_order_and_before_the_step
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
                return False
            self.carry_out(message, tell)
            if self.engine.has_work:
                return True
        # task 15.2 end
