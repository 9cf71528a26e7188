"""You asked whether the pages in use are more than there are: they never are. A page that is not there can't be handed
out.

task: 12.2
caught-by: test_day_12.py::test_the_newest_goes_when_pages_run_out
"""


class PagedScheduler:
    def _make_room(self):
        # task 12.2 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(next(reversed(self.running)))
            self._send_back(preempted[-1])
        for request in self.running.values():
            self._grow(request)
            self._own(request)
        return tuple(preempted)
        # task 12.2 end
