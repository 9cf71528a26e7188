"""You read the first prompt for every newcomer.

task: 7.4
caught-by: test_day_07.py::test_unequal_requests_are_served_as_alone
"""


class ContinuousBatcher:
    def prefill(self):
        # task 7.4 begin
        for slot, request in list(self.running.items()):
            if request.state is RequestState.PREFILLING:
                own, logits = prefill(self.model, next(iter(self.running.values())).prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
        # task 7.4 end
