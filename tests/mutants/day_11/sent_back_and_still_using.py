"""You released a chain only when its request had ended. A request that was sent back holds nothing, and begins anew.

task: 11.4
caught-by: test_day_11.py::test_who_is_sent_back_uses_nothing
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        self.cache.drop(self._reserved.pop(request_id, []))
        if request_id not in self._known:
            self.cache.release(self._chains.pop(request_id, []))
        self._stood.pop(request_id, None)
        # task 11.4 end
