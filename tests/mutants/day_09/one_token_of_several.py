"""You took one token for each request. A runner may give several at once.

task: 9.5
caught-by: test_day_09.py::test_more_tokens_than_are_wanted
"""


class Engine:
    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        had = len(request.tokens)
        text = request.append_token(tokens[0])
        if len(request.tokens) > had:
            events.append(TokenEvent(request_id, tokens[0], text))
            text = ""
        if request.is_finished:
            self.scheduler.remove(request_id)
            events.append(self._ended(request, text))
        return events
        # task 9.5 end
