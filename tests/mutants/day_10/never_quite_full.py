"""You left one token of memory unused.

task: 10.4
caught-by: test_day_10.py::test_headroom_may_be_used_to_the_last_token
"""


class PreemptiveScheduler:
    def _fits(self, request):
        # task 10.4 begin
        growth = self.headroom * (len(self.running) + 1)
        return not self.running or self.memory_used + length(request) + growth < self.max_memory_tokens
        # task 10.4 end
