"""You copied every request into slot 0 of the caches.

task: 7.4
caught-by: test_day_07.py::test_the_first_step_gives_two_tokens
"""


class ContinuousBatcher:
    def prefill(self):
        # task 7.4 begin
        for slot, request in list(self.running.items()):
            if request.state is RequestState.PREFILLING:
                own, logits = prefill(self.model, request.prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, 0)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
        # task 7.4 end
