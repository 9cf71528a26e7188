"""You sent a request back to make room, and did not try again: the other runs without its page.

task: 12.2
caught-by: test_day_12.py::test_no_more_go_than_must
"""


class PagedScheduler:
    def _make_room(self):
        # task 12.2 begin
        preempted: list[str] = []
        for request in list(self.running.values()):
            if request.id in self.running and not (self._grow(request) and self._own(request)):
                preempted.append(next(reversed(self.running)))
                self._send_back(preempted[-1])
        return tuple(preempted)
        # task 12.2 end
