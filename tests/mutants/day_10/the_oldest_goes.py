"""You sent the oldest back: with too little memory no request comes to its end.

task: 10.4
caught-by: test_day_10.py::test_the_newest_goes_and_comes_back
"""


class PreemptiveScheduler:
    def _make_room(self):
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(next(iter(self.running)))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end
