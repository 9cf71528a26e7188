"""You gave a request that was sent back a new age: it starves as if it had just come.

task: 10.4
caught-by: test_day_10.py::test_who_goes_back_has_kept_their_arrival
"""


class PreemptiveScheduler:
    def _send_back(self, request_id):
        # task 10.4 begin
        request = self.running.pop(request_id)
        self._slots.free_slot(request_id)
        del self.slot_of[request_id]
        request.num_computed_tokens = 0
        request.advance(RequestState.WAITING)
        self.waiting.add(request, self._known[request_id][1]._replace(step=self.steps))
        # task 10.4 end
