"""You answered a call of submit that its caller has just given up: asyncio raises InvalidStateError, and nobody after it
is answered.

task: 15.3
caught-by: test_day_15.py::test_a_submit_may_be_cancelled_in_the_same_moment[closed]
"""


class Bridge:
    def _answered(self, request_id, error):
        # task 15.3 begin
        accepted = self._accepted.pop(request_id, None)
        if accepted is None:
            return
        if error is None:
            accepted.set_result(None)
        else:
            accepted.set_exception(error)
        # task 15.3 end
