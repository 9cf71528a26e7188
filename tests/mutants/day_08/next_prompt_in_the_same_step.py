"""When a prompt was read you began the next one in the same step: short prompts are read one after another, and no request decodes
between them.

task: 8.3
caught-by: test_day_08.py::test_one_chunk_a_step_however_short_the_prompts
"""


class ChunkedBatcher:
    def prefill(self):
        # task 8.3 begin
        newcomers = [(slot, each) for slot, each in self.running.items() if each.state is RequestState.PREFILLING]
        if not newcomers:
            return
        slot, request = newcomers[0]  # `running` is in order of admission
        if self._reading is None:
            self._reading = request, [TinyKvCache() for _ in self.caches]
        own = self._reading[1]
        size = len(next_chunk(request, self.prefill_step))
        logits = prefill_chunk(self.model, request, own, self.prefill_step)
        if logits is None:
            self._on_step([RowWork(slot, Kind.PREFILL, request.id, size)])
            return
        for cache, one in zip(self.caches, own, strict=True):
            cache.add_request(one, slot)
        self._reading = None
        request.advance(RequestState.DECODING)
        self._give_tokens([slot], logits[None], size)
        self.prefill()
        # task 8.3 end
