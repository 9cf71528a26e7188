"""You forgot to say what broke.

task: 9.5
caught-by: test_day_09.py::test_a_step_that_breaks_ends_its_own_requests_only
"""


class Engine:
    def _fail(self, plan, error):
        # task 9.5 begin
        cause = f"{type(error).__name__}: {error}"
        for work in plan.work:
            self.scheduler.remove(work.request_id)
        return [self._end(work.request_id, FinishReason.ERROR, "failed") for work in plan.work]
        # task 9.5 end
