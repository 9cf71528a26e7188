"""You counted tokens as computed when they were planned: a step that breaks has computed them too.

task: 9.1
caught-by: test_day_09.py::test_a_plan_computes_nothing_until_it_is_committed
"""


class Scheduler:
    def _work(self, request, left):
        # task 9.1 begin
        start = request.num_computed_tokens
        wanted = num_wanted(request)
        size = min(wanted, left)
        tokens = tokens_between(request, start, start + size)
        request.num_computed_tokens += size
        return Work(request.id, self.slot_of[request.id], start, tokens, int(size == wanted), request.sampling)
        # task 9.1 end

    def commit(self, plan):
        # task 9.1 begin
        for work in plan.work:
            request = self.running[work.request_id]
            if work.wanted and request.state is RequestState.PREFILLING:
                request.advance(RequestState.DECODING)
        # task 9.1 end
