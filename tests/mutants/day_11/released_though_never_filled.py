"""You released what was reserved when its step broke, instead of dropping it: its name is taken by a block that can't
be found.

task: 11.4
caught-by: test_day_11.py::test_a_broken_step_keeps_nothing
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        self.cache.release(self._reserved.pop(request_id, []))
        self.cache.release(self._chains.pop(request_id, []))
        self._stood.pop(request_id, None)
        # task 11.4 end
