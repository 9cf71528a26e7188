"""You counted what each request may grow to: as on Day 9, and memory stays empty.

task: 10.4
caught-by: test_day_10.py::test_memory_is_what_exists
"""


class PreemptiveScheduler:
    @property
    def memory_used(self):
        # task 10.4 begin
        return sum(len(request.prompt) + request.max_tokens for request in self.running.values())
        # task 10.4 end
