"""You handed out all tokens, and looked after the last one whether the request has ended. It may have ended before.

task: 9.5
caught-by: test_day_09.py::test_an_end_among_several_tokens[eos-in-the-middle]
"""


class Engine:
    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        for token in tokens:
            text = "" if request.is_finished else request.append_token(token)
            events.append(TokenEvent(request_id, token, text))
        if not request.is_finished:
            return events
        self.scheduler.remove(request_id)
        text = events.pop().text if tokens[-1] in request.eos_token_ids else ""
        return [*events, self._ended(request, text)]
        # task 9.5 end
