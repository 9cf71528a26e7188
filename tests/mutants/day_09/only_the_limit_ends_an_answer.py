"""You looked for the limit after each token, but for EOS and stop strings after the last one only.

task: 9.5
caught-by: test_day_09.py::test_an_end_among_several_tokens[eos-in-the-middle]
"""


class Engine:
    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        text = ""
        for token in tokens:
            had = len(request.tokens)
            text = request.append_token(token)
            if len(request.tokens) > had:
                events.append(TokenEvent(request_id, token, text))
                text = ""
            if len(request.tokens) == request.max_tokens:
                break
        if request.is_finished:
            self.scheduler.remove(request_id)
            events.append(self._ended(request, text))
        return events
        # task 9.5 end
