"""You sent back the request in the highest slot. The last admitted may be in any.

task: 10.4
caught-by: test_day_10.py::test_the_last_admitted_goes_whatever_its_slot_name_or_arrival
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(max(self.running, key=lambda request_id: self.slot_of[request_id]))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end
