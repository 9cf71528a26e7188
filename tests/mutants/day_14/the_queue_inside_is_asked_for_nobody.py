"""You ask the inner queue as if nothing ran. Some policies choose by what runs, as Day 10's balanced one does.

task: 14.6
caught-by: test_day_14.py::test_the_queue_says_who_runs
"""


class LimitedQueue:
    def first(self, running, step):
        # task 14.6 begin
        if len(running) >= self.limit:
            return None
        return self._queue.first([], step)
        # task 14.6 end
