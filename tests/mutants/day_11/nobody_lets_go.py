"""You released no chain when its request left: in the end all blocks count as used, by nothing.

task: 11.4
caught-by: test_day_11.py::test_an_abort_leaks_nothing[decoding]
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        self.cache.drop(self._reserved.pop(request_id, []))
        self._chains.pop(request_id, None)
        self._stood.pop(request_id, None)
        # task 11.4 end
