"""You kept what was reserved when its step broke: others load what was never computed.

task: 11.4
caught-by: test_day_11.py::test_a_broken_step_keeps_nothing
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        blocks = self._reserved.pop(request_id, [])
        self.cache.keep(blocks)
        self.cache.release(blocks)
        self.cache.release(self._chains.pop(request_id, []))
        self._stood.pop(request_id, None)
        # task 11.4 end
