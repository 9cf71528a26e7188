"""You told the caller that it is over, but not the scheduler.

task: 9.5
caught-by: test_day_09.py::test_abort_wherever_it_is[decoding]
"""


class Engine:
    def abort(self, request_id):
        # task 9.5 begin
        if request_id not in self._requests:
            raise ValueError(f"no request {request_id!r}")
        self._events.append(self._end(request_id, FinishReason.CANCELLED))
        # task 9.5 end
