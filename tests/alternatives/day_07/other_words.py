"""The same batcher, written otherwise: sets of states, prefill token by token, results in a dict."""


def prefill(model, prompt, prefill_step):
    # task 7.1 begin
    caches = [TinyKvCache() for _ in range(model.config.num_layers)]
    rest, hidden = list(prompt), None
    while rest:
        piece, rest = rest[:prefill_step], rest[prefill_step:]
        stored = caches[0].offset
        hidden = model(
            mx.array([piece]), (stored + mx.arange(len(piece)))[None], attend_with(caches, causal_mask(len(piece), stored))
        )
        mx.eval([cache.keys for cache in caches])
    return caches, model.logits(hidden[:, -1])[0]
    # task 7.1 end


def decode_step(model, next_tokens, caches):
    # task 7.2 begin
    order = [slot for slot, token in enumerate(next_tokens) if token is not None]
    positions = mx.array([[offset if offset is not None else 0] for offset in offsets])
    fed = mx.array([[7 if token is None else token] for token in next_tokens])
    mask = create_batch_mask(list(offsets), 1, 1 + max(offsets[slot] for slot in order))
    hidden = model(fed, positions, attend_with(caches, mask))
    return mx.stack([model.logits(hidden[slot, 0]) for slot in order])
    # task 7.2 end


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting and self.slots.num_free:
            most = [_most_tokens(each) for each in (*self.running.values(), self.waiting[0])]
            if sum(most) > self.max_batch_tokens:
                break
            oldest = self.waiting.popleft()
            oldest.advance(RequestState.PREFILLING)
            self.running[self.slots.allocate_slot(oldest.id)] = oldest
        # task 7.3 end

    def retire(self):
        # task 7.3 begin
        done = {slot for slot, request in self.running.items() if request.is_finished}
        for slot in sorted(done):
            self.slots.free_slot(self.running.pop(slot).id)
            [cache.remove_request(slot) for cache in self.caches if slot in cache.live]
        # task 7.3 end

    def prefill(self):
        # task 7.4 begin
        new = [(slot, each) for slot, each in self.running.items() if each.state is RequestState.PREFILLING]
        for slot, each in new:
            if each.is_finished:
                continue
            own, logits = prefill(self.model, each.prompt, self.prefill_step)
            each.advance(RequestState.DECODING)
            each.num_computed_tokens = len(each.prompt)
            for layer, cache in enumerate(self.caches):
                cache.add_request(own[layer], slot)
            self._give_tokens([slot], mx.expand_dims(logits, 0), len(each.prompt))
        # task 7.4 end


def batch_generate(model, tokenizer, prompts, max_seq_len=512, batch_size=5, prefill_step=128, *, max_tokens=64, max_batch_tokens=None, sampling=None, stop=(), on_token=None, on_step=None, clock=None, batcher_class=ContinuousBatcher):
    # task 7.5 begin
    entered, source, more = {}, iter(prompts), True
    while True:
        while more:
            try:
                prompt = next(source)
            except StopIteration:
                more = False
                break
            if prompt is None:
                break
            entered[len(entered)] = _enter(batcher, lambda: request_of(len(entered), prompt))
        if not more and not batcher.has_work:
            break
        batcher.step()
    return [_completion(entered[index]) for index in sorted(entered)]
    # task 7.5 end
