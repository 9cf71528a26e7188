"""You answer for models that are not here. The client believes that it talks to another one.

task: 15.7
caught-by: test_day_15.py::test_what_cannot_be_done_is_refused_before_anybody_is_submitted[model]
"""


class Service:
    async def begin(self, body, prompt):
        # task 15.7 begin
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
        except BaseException:
            for request in requests:
                self.engines.cancel(request.id)
            raise
        streams = [each for each in taken if not isinstance(each, BaseException)]
        return Answer(self.engines, self._wire(body, name), requests, streams, body.include_usage)
        # task 15.7 end
