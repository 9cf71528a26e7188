"""You clean up after an Exception. A caller who hangs up while waiting raises CancelledError, which is none.

task: 15.7
caught-by: test_day_15.py::test_who_leaves_while_waiting_to_be_taken_leaves_nobody_behind
"""


class Service:
    async def begin(self, body, prompt):
        # task 15.7 begin
        if body.model != self.model:
            message = f"there is no model {body.model!r} here, only {self.model!r}"
            raise Refusal(404, message, param="model", code="model_not_found")
        check_fields(body.unknown)
        check_length(len(prompt), self.max_seq_len, body.prompt_field)
        name = self._new_id()
        requests = self.requests(body, prompt, name)
        if self.promise is not None:
            for request in requests:
                self.promise.check(request)
        try:
            calls = [self.engines.submit(request) for request in requests]
            taken = await asyncio.gather(*calls, return_exceptions=True)
            refused = [each for each in taken if isinstance(each, BaseException)]
            if refused:
                raise refused[0]
        except Exception:
            for request in requests:
                self.engines.cancel(request.id)
            raise
        streams = [each for each in taken if not isinstance(each, BaseException)]
        return Answer(self.engines, self._wire(body, name), requests, streams, body.include_usage)
        # task 15.7 end
