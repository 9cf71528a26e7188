"""You reported the end and did not tell the scheduler.

task: 9.5
caught-by: test_day_09.py::test_who_is_unknown_can_not_be_aborted
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
            if request.is_finished:
                return [*events, self._ended(request, text)]
        return events
        # task 9.5 end
