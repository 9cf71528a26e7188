"""You let the ValueError of a cancel that comes too late through. Such a cancel is normal: the answer ended while it was on its way.

task: 15.2
caught-by: test_day_15.py::test_a_cancel_may_come_too_late
"""


class EngineThread:
    def carry_out(self, message, tell):
        # task 15.2 begin
        if isinstance(message, Cancel):
            self.engine.abort(message.request_id)
            return
        try:
            self.engine.add_request(message.request)
        except Exception as error:
            tell(Answered(message.request.id, error))
        else:
            tell(Answered(message.request.id, None))
        # task 15.2 end
