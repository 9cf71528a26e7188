"""You did not say how many tokens of the prompt were read: on a timeline, reading looks like decoding.

task: 7.4
caught-by: test_day_07.py::test_each_pass_is_reported_slot_by_slot
"""


class ContinuousBatcher:
    def prefill(self):
        # task 7.4 begin
        for slot, request in list(self.running.items()):
            if request.state is RequestState.PREFILLING:
                own, logits = prefill(self.model, request.prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None])
        # task 7.4 end
