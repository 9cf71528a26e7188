"""You gave each request the whole budget: a step has as many tokens as requests times the budget.

task: 9.1
caught-by: test_day_09.py::test_short_prompts_are_composed_into_one_step
"""


class Scheduler:
    def plan(self):
        # task 9.1 begin
        work: list[Work] = []
        left = self.max_batched_tokens
        for request in self.running.values():
            if left == 0:
                break
            work.append(self._work(request, left))
            pass
        while left and (admitted := self._admit()) is not None:
            work.append(self._work(admitted, left))
        return StepPlan(tuple(work), preempted)
        # task 9.1 end
