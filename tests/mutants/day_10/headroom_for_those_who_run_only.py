"""You left headroom for the running requests, and none for the newcomer.

task: 10.4
caught-by: test_day_10.py::test_headroom_is_left_for_all_who_run
"""


class PreemptiveScheduler:
    def _fits(self, request):
        # task 10.4 begin
        growth = self.headroom * len(self.running)
        return not self.running or self.memory_used + length(request) + growth <= self.max_memory_tokens
        # task 10.4 end
