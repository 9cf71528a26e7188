"""You counted what is computed: half-read prompts seem small, and soon want all at once.

task: 10.4
caught-by: test_day_10.py::test_a_whole_prompt_counts_from_the_start
"""


class PreemptiveScheduler:
    @property
    def memory_used(self):
        # task 10.4 begin
        return sum(request.num_computed_tokens for request in self.running.values())
        # task 10.4 end
