"""You left one token of the budget for later: steps are never full.

task: 9.1
caught-by: test_day_09.py::test_every_step_is_full_while_there_is_enough_to_read
"""


class Scheduler:
    def plan(self):
        # task 9.1 begin
        work: list[Work] = []
        left = max(self.max_running, self.max_batched_tokens - 1)
        for request in self.running.values():
            if left == 0:
                break
            work.append(self._work(request, left))
            left -= len(work[-1].tokens)
        while left and (admitted := self._admit()) is not None:
            work.append(self._work(admitted, left))
            left -= len(work[-1].tokens)
        return StepPlan(tuple(work), preempted)
        # task 9.1 end
