"""You tell refusals, and nothing when a request was taken. Whoever asked waits for either.

task: 15.2
caught-by: test_day_15.py::test_messages_are_carried_out_in_order_and_before_the_step
"""


class EngineThread:
    def carry_out(self, message, tell):
        # task 15.2 begin
        if isinstance(message, Cancel):
            with suppress(ValueError):
                self.engine.abort(message.request_id)
            return
        try:
            self.engine.add_request(message.request)
        except Exception as error:
            tell(Answered(message.request.id, error))
        else:
            pass
        # task 15.2 end
