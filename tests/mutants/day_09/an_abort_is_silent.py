"""You ended an aborted request without an event.

task: 9.5
caught-by: test_day_09.py::test_an_abort_is_reported_even_if_nothing_else_happens
"""


class Engine:
    def abort(self, request_id):
        # task 9.5 begin
        self.scheduler.remove(request_id)
        self._end(request_id, FinishReason.CANCELLED)
        # task 9.5 end
