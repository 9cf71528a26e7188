"""You reported EOS as a token of the answer.

task: 9.5
caught-by: test_day_09.py::test_eos_is_the_end_and_no_token
"""


class Engine:
    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        for token in tokens:
            had = len(request.tokens)
            text = request.append_token(token)
            if True:
                events.append(TokenEvent(request_id, token, text))
                text = ""
            if request.is_finished:
                self.scheduler.remove(request_id)
                return [*events, self._ended(request, text)]
        return events
        # task 9.5 end
