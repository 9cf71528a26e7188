"""You stopped one token before the budget is used up: the last running request gets none.

task: 9.1
caught-by: test_day_09.py::test_a_step_may_have_just_enough_for_those_who_run
"""


class Scheduler:
    def plan(self):
        # task 9.1 begin
        work: list[Work] = []
        left = self.max_batched_tokens
        for request in self.running.values():
            if left <= 1:
                break
            work.append(self._work(request, left))
            left -= len(work[-1].tokens)
        while left and (admitted := self._admit()) is not None:
            work.append(self._work(admitted, left))
            left -= len(work[-1].tokens)
        return StepPlan(tuple(work), preempted)
        # task 9.1 end
