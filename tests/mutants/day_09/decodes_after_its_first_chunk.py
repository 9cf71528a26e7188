"""You called a request DECODING after its first chunk.

task: 9.1
caught-by: test_day_09.py::test_half_a_prompt_is_no_decoding_request
"""


class Scheduler:
    def commit(self, plan):
        # task 9.1 begin
        for work in plan.work:
            request = self.running[work.request_id]
            request.num_computed_tokens += len(work.tokens)
            if request.state is RequestState.PREFILLING:
                request.advance(RequestState.DECODING)
        # task 9.1 end
