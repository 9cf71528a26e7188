"""You gave the chain back from its end. `release` already turns it round: together, beginnings are evicted first, and
no end is ever found without one.

task: 11.4
caught-by: test_day_11.py::test_the_end_of_a_prompt_is_evicted_before_its_beginning
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        self.cache.drop(self._reserved.pop(request_id, []))
        self.cache.release(self._chains.pop(request_id, [])[::-1])
        self._stood.pop(request_id, None)
        # task 11.4 end
