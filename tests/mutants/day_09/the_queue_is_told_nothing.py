"""You asked the queue which is next without saying which run: some queues choose by that.

task: 9.1
caught-by: test_day_09.py::test_the_queue_knows_who_runs
"""


class Scheduler:
    def _admit(self):
        # task 9.1 begin
        request = self.waiting.first([], self.steps)
        if request is None or not self._fits(request):
            return None
        slot = self._slots.allocate_slot(request.id)
        if slot is None:
            return None
        self.waiting.remove(request)
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
