"""You took tokens from the prompt only: a request that was sent back forgets its answer.

task: 9.1
caught-by: test_day_09.py::test_an_answer_that_has_begun_is_read_like_a_prompt
"""


class Scheduler:
    def _work(self, request, left):
        # task 9.1 begin
        start = request.num_computed_tokens
        wanted = num_wanted(request)
        size = min(wanted, left)
        tokens = request.prompt[start : start + count] or request.tokens[-1:]
        return Work(request.id, self.slot_of[request.id], start, tokens, int(size == wanted), request.sampling)
        # task 9.1 end
