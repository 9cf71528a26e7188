"""You put each abort before the one before it: events come in the order in which they happened.

task: 9.5
caught-by: test_day_09.py::test_events_come_in_the_order_in_which_they_happened
"""


class Engine:
    def abort(self, request_id):
        # task 9.5 begin
        self.scheduler.remove(request_id)
        self._events.insert(0, self._end(request_id, FinishReason.CANCELLED))
        # task 9.5 end
