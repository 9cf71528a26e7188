"""You read one prompt a step, though several have been admitted: slots stand idle.

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
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
                break
        # task 7.4 end
