"""You ended all requests when a step broke, even those that were not in it.

task: 9.5
caught-by: test_day_09.py::test_a_step_that_breaks_ends_its_own_requests_only
"""


class Engine:
    def _fail(self, plan, error):
        # task 9.5 begin
        cause = f"{type(error).__name__}: {error}"
        everybody = list(self._requests)
        for request_id in everybody:
            self.scheduler.remove(request_id)
        return [self._end(request_id, FinishReason.ERROR, cause) for request_id in everybody]
        # task 9.5 end
