"""You dropped what a request had reserved, or else released its chain. In a step that breaks, it has both.

task: 11.4
caught-by: test_day_11.py::test_only_the_broken_steps_blocks_are_lost
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        chain = self._chains.pop(request_id, [])
        if request_id in self._reserved:
            self.cache.drop(self._reserved.pop(request_id))
        else:
            self.cache.release(chain)
        self._stood.pop(request_id, None)
        # task 11.4 end
