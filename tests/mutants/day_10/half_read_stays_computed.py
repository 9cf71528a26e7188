"""You threw away what was computed only of requests that had an answer: a half-read one continues what is gone.

task: 10.4
caught-by: test_day_10.py::test_who_is_half_read_may_have_to_go
"""


class PreemptiveScheduler:
    def _send_back(self, request_id):
        # task 10.4 begin
        request = self.running.pop(request_id)
        self._slots.free_slot(request_id)
        del self.slot_of[request_id]
        if request.tokens:
            request.num_computed_tokens = 0
        request.advance(RequestState.WAITING)
        self.waiting.add(request, self._known[request_id][1])
        # task 10.4 end
