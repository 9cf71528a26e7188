"""You did not pass on how a request wants its tokens chosen: each gets the most likely one.

task: 9.1
caught-by: test_day_09.py::test_a_plan_says_how_to_choose
"""


class Scheduler:
    def _work(self, request, left):
        # task 9.1 begin
        start = request.num_computed_tokens
        wanted = num_wanted(request)
        size = min(wanted, left)
        tokens = tokens_between(request, start, start + size)
        return Work(request.id, self.slot_of[request.id], start, tokens, int(size == wanted), type(request.sampling)())
        # task 9.1 end
