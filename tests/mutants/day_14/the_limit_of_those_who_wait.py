"""You compare the limit with how many wait. It says how many may run.

task: 14.6
caught-by: test_day_14.py::test_a_limit_on_top_of_any_queue
"""


class LimitedQueue:
    def first(self, running, step):
        # task 14.6 begin
        if len(self) > self.limit:
            return None
        return self._queue.first(running, step)
        # task 14.6 end
