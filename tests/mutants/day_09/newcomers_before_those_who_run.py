"""You admitted newcomers before you served running requests: under load, those that decode wait for every new prompt.

task: 9.1
caught-by: test_day_09.py::test_who_decodes_comes_first_then_who_is_read
"""


class Scheduler:
    def plan(self):
        # task 9.1 begin
        work: list[Work] = []
        left = self.max_batched_tokens
        served = list(self.running.values())
        while left > 1 and (admitted := self._admit()) is not None:
            work.append(self._work(admitted, left))
            left -= len(work[-1].tokens)
        for request in served:
            if left == 0:
                break
            work.append(self._work(request, left))
            left -= len(work[-1].tokens)
        work.reverse()
        return StepPlan(tuple(work), preempted)
        # task 9.1 end
