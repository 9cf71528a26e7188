"""You kept the blocks and did not add them to the chain of the request that computed them: they are never released.

task: 11.4
caught-by: test_day_11.py::test_an_abort_leaks_nothing[decoding]
"""


class CachingScheduler:
    def commit(self, plan):
        # task 11.4 begin
        for request_id, blocks in self._reserved.items():
            self.cache.keep(blocks)
        self._reserved.clear()
        self._stood.clear()
        # task 11.4 end
