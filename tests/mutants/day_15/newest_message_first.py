"""You carry out cancels before all else. A cancel that comes before its request's Submit does nothing, and then the request runs for nobody.

task: 15.2
caught-by: test_day_15.py::test_messages_are_carried_out_in_order_and_before_the_step
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        messages = []
        while True:
            try:
                messages.append(self.inbox.get(block=not self.engine.has_work and not messages))
            except Empty:
                for message in sorted(messages, key=lambda each: not isinstance(each, Cancel)):
                    if isinstance(message, Stop):
                        return False
                    self.carry_out(message, tell)
                messages = []
                if self.engine.has_work:
                    return True
        # task 15.2 end
