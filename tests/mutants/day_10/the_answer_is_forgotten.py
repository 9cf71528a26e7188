"""You threw the answer away: the caller sees it begin again.

task: 10.4
caught-by: test_day_10.py::test_who_goes_back_keeps_what_was_said
"""


class PreemptiveScheduler:
    def _send_back(self, request_id):
        # task 10.4 begin
        request = self.running.pop(request_id)
        self._slots.free_slot(request_id)
        del self.slot_of[request_id]
        request.num_computed_tokens = 0
        request.tokens = []
        request.advance(RequestState.WAITING)
        self.waiting.add(request, self._known[request_id][1])
        # task 10.4 end
