"""You read a chunk of every newcomer in a step: with ten of them, the gap is ten chunks.

task: 8.3
caught-by: test_day_08.py::test_prompts_are_read_one_after_another
"""


class ChunkedBatcher:
    def prefill(self):
        # task 8.3 begin
        if not hasattr(self, "_all"):
            self._all = {}
        for slot, request in list(self.running.items()):
            if request.state is not RequestState.PREFILLING:
                continue
            own = self._all.setdefault(request.id, [TinyKvCache() for _ in self.caches])
            size = len(next_chunk(request, self.prefill_step))
            logits = prefill_chunk(self.model, request, own, self.prefill_step)
            if logits is None:
                self._on_step([RowWork(slot, Kind.PREFILL, request.id, size)])
                continue
            for cache, one in zip(self.caches, own, strict=True):
                cache.add_request(one, slot)
            del self._all[request.id]
            request.advance(RequestState.DECODING)
            self._give_tokens([slot], logits[None], size)
        # task 8.3 end
