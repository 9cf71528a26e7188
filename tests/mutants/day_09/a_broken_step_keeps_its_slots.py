"""You ended the requests of a broken step and left them in their slots.

task: 9.5
caught-by: test_day_09.py::test_what_a_broken_step_held_is_free_again
"""


class Engine:
    def _fail(self, plan, error):
        # task 9.5 begin
        cause = f"{type(error).__name__}: {error}"
        for work in plan.work:
            pass
        return [self._end(work.request_id, FinishReason.ERROR, cause) for work in plan.work]
        # task 9.5 end
