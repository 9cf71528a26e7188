"""You went through the running requests in order of arrival. The first admitted comes first: the queue has decided
that.

task: 9.1
caught-by: test_day_09.py::test_admission_sets_the_order_and_not_slot_name_or_arrival
"""


class Scheduler:
    def plan(self):
        # task 9.1 begin
        work: list[Work] = []
        left = self.max_batched_tokens
        for request in sorted(self.running.values(), key=lambda each: self._known[each.id][1]):
            if left == 0:
                break
            work.append(self._work(request, left))
            left -= len(work[-1].tokens)
        while left and (admitted := self._admit()) is not None:
            work.append(self._work(admitted, left))
            left -= len(work[-1].tokens)
        return StepPlan(tuple(work), preempted)
        # task 9.1 end
