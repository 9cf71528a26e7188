"""You reported the requests that were sent back in the order of their ids. The last admitted comes first.

task: 10.4
caught-by: test_day_10.py::test_the_last_admitted_goes_whatever_its_slot_name_or_arrival
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(next(reversed(self.running)))
            self._send_back(preempted[-1])
        return tuple(sorted(preempted, reverse=True))
        # task 10.4 end
