"""You sent back every request after one that lacks a page. One of them may be enough.

task: 12.2
caught-by: test_day_12.py::test_no_more_go_than_must
"""


class PagedScheduler:
    def _make_room(self):
        # task 12.2 begin
        preempted: list[str] = []
        for request in list(self.running.values()):
            if request.id in self.running and not (self._grow(request) and self._own(request)):
                while next(reversed(self.running)) != request.id:
                    preempted.append(next(reversed(self.running)))
                    self._send_back(preempted[-1])
                if not (self._grow(request) and self._own(request)):
                    preempted.append(request.id)
                    self._send_back(request.id)
        return tuple(preempted)
        # task 12.2 end
