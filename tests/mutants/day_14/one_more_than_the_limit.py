"""You let a request out while as many run as may: there is one more than the limit then.

task: 14.6
caught-by: test_day_14.py::test_nobody_is_let_out_while_enough_run[just-full]
"""


class LimitedQueue:
    def first(self, running, step):
        # task 14.6 begin
        if len(running) > self.limit:
            return None
        return self._queue.first(running, step)
        # task 14.6 end
