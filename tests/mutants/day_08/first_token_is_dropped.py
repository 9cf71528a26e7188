"""You read the prompt and never gave its request the first token.

task: 8.3
caught-by: test_day_08.py::test_each_is_served_as_alone
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
        self._give_tokens([slot], mx.zeros_like(logits)[None], size)
        # task 8.3 end
