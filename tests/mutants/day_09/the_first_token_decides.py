"""You looked after the first of several tokens whether the request has ended. It may end at any of them.

task: 9.5
caught-by: test_day_09.py::test_an_end_among_several_tokens[eos-in-the-middle]
"""


class Engine:
    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        for place, token in enumerate(tokens):
            had = len(request.tokens)
            text = "" if request.is_finished else request.append_token(token)
            if len(request.tokens) > had or place:
                events.append(TokenEvent(request_id, token, text))
                text = ""
            if request.is_finished and place == 0:
                break
        if request.is_finished:
            self.scheduler.remove(request_id)
            events.append(self._ended(request, text))
        return events
        # task 9.5 end
