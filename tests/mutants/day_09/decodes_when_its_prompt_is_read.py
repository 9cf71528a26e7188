"""You called a request DECODING when its prompt was read, though half of its answer was not.

task: 9.1
caught-by: test_day_09.py::test_an_answer_that_has_begun_is_read_like_a_prompt
"""


class Scheduler:
    def commit(self, plan):
        # task 9.1 begin
        for work in plan.work:
            request = self.running[work.request_id]
            request.num_computed_tokens += len(work.tokens)
            if request.num_computed_tokens >= len(request.prompt) and request.state is RequestState.PREFILLING:
                request.advance(RequestState.DECODING)
        # task 9.1 end
