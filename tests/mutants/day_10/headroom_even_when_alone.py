"""You asked for headroom even when nothing runs: a request that fits waits forever.

task: 10.4
caught-by: test_day_10.py::test_who_is_alone_needs_no_headroom
"""


class PreemptiveScheduler:
    def _fits(self, request):
        # task 10.4 begin
        growth = self.headroom * (len(self.running) + 1)
        return self.memory_used + length(request) + growth <= self.max_memory_tokens
        # task 10.4 end
