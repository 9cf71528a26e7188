"""You sent back the newest of those that decode, and spared the one being read: so the oldest may have to go.

task: 10.4
caught-by: test_day_10.py::test_who_is_half_read_may_have_to_go
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(next((name for name in reversed(self.running) if self.running[name].tokens), next(reversed(self.running))))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end
