"""You released blocks when they were kept. The request that computed them still runs: what it keeps next depends on
them.

task: 11.4
caught-by: test_day_11.py::test_who_runs_keeps_its_blocks_from_being_evicted
"""


class CachingScheduler:
    def commit(self, plan):
        # task 11.4 begin
        for request_id, blocks in self._reserved.items():
            self.cache.keep(blocks)
            self.cache.release(blocks)
        self._reserved.clear()
        self._stood.clear()
        # task 11.4 end
