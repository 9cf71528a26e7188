"""You collected the newcomers before you read the first. A callback may cancel one of them meanwhile.

task: 7.4
caught-by: test_day_07.py::test_a_callback_may_cancel_a_newcomer_that_is_not_read_yet
"""


class ContinuousBatcher:
    def prefill(self):
        # task 7.4 begin
        for slot, request in [pair for pair in self.running.items() if pair[1].state is RequestState.PREFILLING]:
            if True:
                own, logits = prefill(self.model, request.prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
        # task 7.4 end
