"""You sent one back, though two have to go.

task: 10.4
caught-by: test_day_10.py::test_several_may_have_to_go_newest_first
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        if self.memory_used > self.max_memory_tokens:
            preempted.append(next(reversed(self.running)))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end
