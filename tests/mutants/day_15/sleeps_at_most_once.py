"""You wait for one message and then go on, whatever it was. If the engine refused the request, there is nothing to step for.

task: 15.2
caught-by: test_day_15.py::test_a_message_that_makes_no_work_makes_no_step
"""


class EngineThread:
    def read(self, tell):
        # task 15.2 begin
        read = False
        while True:
            try:
                message = self.inbox.get(block=not (self.engine.has_work or read))
                read = True
            except Empty:
                return True
            if isinstance(message, Stop):
                return False
            self.carry_out(message, tell)
        # task 15.2 end
