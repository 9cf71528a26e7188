"""You read a request's prompt again in later steps: every running request, and not just the newcomers.

task: 7.4
caught-by: test_day_07.py::test_every_prompt_is_read_once
"""


class ContinuousBatcher:
    def prefill(self):
        # task 7.4 begin
        for slot, request in list(self.running.items()):
            if request.state is RequestState.PREFILLING:
                prefill(self.model, request.prompt, self.prefill_step)
                own, logits = prefill(self.model, request.prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
        # task 7.4 end
