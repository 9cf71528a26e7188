"""You kept what was reserved and did not forget that it was: the next plan drops it, while others use it.

task: 11.4
caught-by: test_day_11.py::test_each_block_is_kept_once
"""


class CachingScheduler:
    def commit(self, plan):
        # task 11.4 begin
        for request_id, blocks in self._reserved.items():
            self.cache.keep(blocks)
            self._chains[request_id] += blocks
        self._stood.clear()
        # task 11.4 end
