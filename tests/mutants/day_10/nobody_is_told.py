"""You did not say which requests were sent back.

task: 10.4
caught-by: test_day_10.py::test_who_goes_back_keeps_what_was_said
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(next(reversed(self.running)))
            self._send_back(preempted[-1])
        return ()
        # task 10.4 end
