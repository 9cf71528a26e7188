"""You gave the last text with the token and with the end.

task: 9.5
caught-by: test_day_09.py::test_the_texts_of_all_events_are_the_whole_text
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
            if request.is_finished:
                self.scheduler.remove(request_id)
                return [*events, self._ended(request, text)]
        return events
        # task 9.5 end
