"""You sent a request back and kept its slot taken: slots leak with every preemption.

task: 10.4
caught-by: test_day_10.py::test_the_newest_goes_and_comes_back
"""


class PreemptiveScheduler:
    def _send_back(self, request_id):
        # task 10.4 begin
        request = self.running.pop(request_id)
        del self.slot_of[request_id]
        request.num_computed_tokens = 0
        request.advance(RequestState.WAITING)
        self.waiting.add(request, self._known[request_id][1])
        # task 10.4 end
