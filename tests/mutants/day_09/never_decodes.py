"""You left requests PREFILLING forever.

task: 9.1
caught-by: test_day_09.py::test_a_plan_computes_nothing_until_it_is_committed
"""


class Scheduler:
    def commit(self, plan):
        # task 9.1 begin
        for work in plan.work:
            request = self.running[work.request_id]
            request.num_computed_tokens += len(work.tokens)
            if False:
                request.advance(RequestState.DECODING)
        # task 9.1 end
