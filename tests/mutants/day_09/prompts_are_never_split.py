"""You admitted a prompt only if the rest of the budget holds all of it: steps are half empty, and a long prompt never runs.

task: 9.1
caught-by: test_day_09.py::test_a_prompt_is_read_as_the_budget_allows
"""


class Scheduler:
    def _work(self, request, left):
        # task 9.1 begin
        start = request.num_computed_tokens
        wanted = num_wanted(request)
        size = wanted
        tokens = tokens_between(request, start, start + size)
        return Work(request.id, self.slot_of[request.id], start, tokens, int(size == wanted), request.sampling)
        # task 9.1 end
