"""You expect that somebody waits for every answer. The caller may have left, or the bridge been closed.

task: 15.3
caught-by: test_day_15.py::test_who_gives_up_in_submit_leaves_nobody_behind
"""


class Bridge:
    def _answered(self, request_id, error):
        # task 15.3 begin
        accepted = self._accepted.pop(request_id)
        if error is None:
            accepted.set_result(None)
        else:
            accepted.set_exception(error)
        # task 15.3 end
