"""The same chunks with a generator-like state, all caches kept by request."""


def next_chunk(request, prefill_step):
    # task 8.1 begin
    left = len(request.prompt) - request.num_computed_tokens
    if prefill_step <= 0 or left <= 0:
        raise ValueError(f"{left} tokens left, prefill_step {prefill_step}")
    return [request.prompt[request.num_computed_tokens + i] for i in range(min(left, prefill_step))]
    # task 8.1 end


def prefill_chunk(model, request, caches, prefill_step):
    # task 8.2 begin
    chunk = next_chunk(request, prefill_step)
    offset = caches[0].offset
    hidden = model(
        mx.array([chunk]), mx.array([list(range(offset, offset + len(chunk)))]), attend_with(caches, causal_mask(len(chunk), offset))
    )
    mx.eval([cache.keys for cache in caches], [cache.values for cache in caches], hidden)
    request.num_computed_tokens = offset + len(chunk)
    if request.num_computed_tokens < len(request.prompt):
        return None
    return model.logits(hidden[:, -1])[0]
    # task 8.2 end


class ChunkedBatcher:
    def prefill(self):
        # task 8.3 begin
        for slot, request in self.running.items():
            if request.state is RequestState.PREFILLING:
                break
        else:
            return
        if self._reading is None or self._reading[0] is not request:
            self._reading = (request, [TinyKvCache() for _ in range(len(self.caches))])
        tokens = len(next_chunk(request, self.prefill_step))
        logits = prefill_chunk(self.model, request, self._reading[1], self.prefill_step)
        if request.num_computed_tokens < len(request.prompt):
            self._on_step([RowWork(slot, Kind.PREFILL, request.id, tokens)])
            return
        request.advance(RequestState.DECODING)
        for layer, one in enumerate(self._reading[1]):
            self.caches[layer].add_request(one, slot)
        self._reading = None
        self._give_tokens([slot], mx.expand_dims(logits, 0), tokens)
        # task 8.3 end

    def retire(self):
        # task 8.3 begin
        super().retire()
        if self._reading and self._reading[0].is_finished:
            self._reading = None
        # task 8.3 end


def choose_chunk_size(chunk_seconds, decode_seconds, prompt_tokens, max_gap):
    # task 8.4 begin
    best = None
    for size in sorted(chunk_seconds):
        step = chunk_seconds[size] + decode_seconds
        total = -(-prompt_tokens // size) * step
        if step <= max_gap and (best is None or total < best[0]):
            best = total, size
    if best is None:
        shortest = min(seconds + decode_seconds for seconds in chunk_seconds.values())
        raise ValueError(f"the shortest gap is {shortest:g} s")
    return best[1]
    # task 8.4 end
