"""You sent a request back before memory was full.

task: 10.4
caught-by: test_day_10.py::test_with_enough_memory_nobody_goes
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > 0.9 * self.max_memory_tokens and len(self.running) > 1:
            preempted.append(next(reversed(self.running)))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end
