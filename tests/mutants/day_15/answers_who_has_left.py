"""You set the answer of a call that was cancelled. That raises InvalidStateError on the loop.

task: 15.3
caught-by: test_day_15.py::test_close_leaves_nobody_waiting
"""


class Bridge:
    def _answered(self, request_id, error):
        # task 15.3 begin
        accepted = self._accepted.get(request_id)
        if accepted is None:
            return
        if error is None:
            accepted.set_result(None)
        else:
            accepted.set_exception(error)
        # task 15.3 end
