"""You give the refusal back as a result. The caller then reads from a stream that nobody writes to.

task: 15.3
caught-by: test_day_15.py::test_a_refusal_is_raised_where_it_was_asked[full]
"""


class Bridge:
    def _answered(self, request_id, error):
        # task 15.3 begin
        accepted = self._accepted.pop(request_id, None)
        if accepted is None or accepted.done():
            return
        if error is None:
            accepted.set_result(None)
        else:
            accepted.set_result(None)
        # task 15.3 end
