"""You sent the largest back: it is read again and again, and never gets to its end.

task: 10.4
caught-by: test_day_10.py::test_several_may_have_to_go_newest_first
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(max(self.running, key=lambda name: length(self.running[name])))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end
