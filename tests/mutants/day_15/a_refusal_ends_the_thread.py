"""You let the engine's refusal through. It ends the thread, and every other answer with it.

task: 15.2
caught-by: test_day_15.py::test_a_refusal_harms_nobody_else[QueueFull]
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
        except KeyError as error:
            tell(Answered(message.request.id, error))
        else:
            tell(Answered(message.request.id, None))
        # task 15.2 end
