"""You did not forget, at the commit, where requests stood before: the next plan takes this one back.

task: 11.4
caught-by: test_day_11.py::test_a_request_begins_at_what_is_stored[5-4]
"""


class CachingScheduler:
    def commit(self, plan):
        # task 11.4 begin
        for request_id, blocks in self._reserved.items():
            self.cache.keep(blocks)
            self._chains[request_id] += blocks
        self._reserved.clear()
        # task 11.4 end
