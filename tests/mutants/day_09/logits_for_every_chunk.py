"""You wanted logits after every chunk: requests get tokens before their prompt is read.

task: 9.1
caught-by: test_day_09.py::test_a_prompt_is_read_as_the_budget_allows
"""


class Scheduler:
    def _work(self, request, left):
        # task 9.1 begin
        start = request.num_computed_tokens
        wanted = num_wanted(request)
        size = min(wanted, left)
        tokens = tokens_between(request, start, start + size)
        return Work(request.id, self.slot_of[request.id], start, tokens, 1, request.sampling)
        # task 9.1 end
