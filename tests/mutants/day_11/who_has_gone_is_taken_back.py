"""You let a request go and still noted where it stood: the next plan takes back what is no longer there.

task: 11.4
caught-by: test_day_11.py::test_a_step_that_loads_may_break_too
"""


class CachingScheduler:
    def _let_go(self, request_id):
        # task 11.4 begin
        self.cache.drop(self._reserved.pop(request_id, []))
        self.cache.release(self._chains.pop(request_id, []))
        # task 11.4 end
