"""You went on to give pages to a request that was sent back: it no longer has a table.

task: 12.2
caught-by: test_day_12.py::test_the_newest_goes_when_pages_run_out
"""


class PagedScheduler:
    def _make_room(self):
        # task 12.2 begin
        preempted: list[str] = []
        for request in list(self.running.values()):
            while not (self._grow(request) and self._own(request)):
                preempted.append(next(reversed(self.running)))
                self._send_back(preempted[-1])
        return tuple(preempted)
        # task 12.2 end
