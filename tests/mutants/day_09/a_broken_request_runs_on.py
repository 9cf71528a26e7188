"""You looked for the three good ends: a request whose text can't be decoded has ended too, and is never let go.

task: 9.5
caught-by: test_day_09.py::test_a_decode_that_raises_ends_its_own_request_only
"""


class Engine:
    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        for token in tokens:
            had = len(request.tokens)
            text = request.append_token(token)
            if len(request.tokens) > had:
                events.append(TokenEvent(request_id, token, text))
                text = ""
            if request.finish_reason in (FinishReason.EOS, FinishReason.STOP, FinishReason.LENGTH):
                self.scheduler.remove(request_id)
                return [*events, self._ended(request, text)]
        return events
        # task 9.5 end
