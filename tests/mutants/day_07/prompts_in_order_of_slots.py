"""You read the prompts slot by slot. The request that was admitted first may have a later slot.

task: 7.4
caught-by: test_day_07.py::test_prompts_are_read_in_order_of_admission
"""


class ContinuousBatcher:
    def prefill(self):
        # task 7.4 begin
        for slot, request in sorted(self.running.items(), key=lambda pair: pair[0]):
            if request.state is RequestState.PREFILLING:
                own, logits = prefill(self.model, request.prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
        # task 7.4 end
