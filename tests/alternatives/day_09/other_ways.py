"""The same engine, written otherwise: a queue of candidates, NumPy, recursion, index lists in place of slices."""


class Scheduler:
    def plan(self):
        # task 9.1 begin
        sizes = {}
        for request in self.running.values():
            sizes[request.id] = min(num_wanted(request), self.max_batched_tokens - sum(sizes.values()))
        while sum(sizes.values()) < self.max_batched_tokens:
            admitted = self._admit()
            if admitted is None:
                break
            sizes[admitted.id] = min(num_wanted(admitted), self.max_batched_tokens - sum(sizes.values()))
        works = [self._work(self.running[name], size) for name, size in sizes.items() if size > 0]
        return StepPlan(work=tuple(works), preempted=preempted)
        # task 9.1 end

    def commit(self, plan):
        # task 9.1 begin
        for work in plan.work:
            request = self.running[work.request_id]
            request.num_computed_tokens = work.start + len(work.tokens)
            if request.state is not RequestState.DECODING and num_wanted(request) == 0:
                request.advance(RequestState.DECODING)
        # task 9.1 end

    def _admit(self):
        # task 9.1 begin
        if len(self.running) == self.max_running or not len(self.waiting):
            return None
        request = self.waiting.first(tuple(self.running.values()), self.steps)
        if request is not None and self._fits(request):
            self.waiting.remove(request)
            request.advance(RequestState.PREFILLING)
            self.slot_of[request.id] = self._slots.allocate_slot(request.id)
            self.running[request.id] = request
            return request
        return None
        # task 9.1 end

    def _work(self, request, left):
        # task 9.1 begin
        everything = [*request.prompt, *request.tokens]
        missing = everything[request.num_computed_tokens :]
        chosen = missing[:left]
        return Work(
            request_id=request.id,
            slot=self.slot_of[request.id],
            start=len(everything) - len(missing),
            tokens=chosen,
            wanted=1 if len(chosen) == len(missing) else 0,
            sampling=request.sampling,
        )
        # task 9.1 end


def pack(plan):
    # task 9.2 begin
    ordered = sorted(plan.work, key=lambda work: (len(work.tokens) > 1, work.slot if len(work.tokens) == 1 else 0))
    single = sum(len(work.tokens) == 1 for work in ordered)
    ends = [0]
    for work in ordered:
        ends.append(ends[-1] + len(work.tokens))
    wanted = [place for work, end in zip(ordered, ends[1:]) for place in range(end - work.wanted, end)]
    return Packed(
        tokens=mx.array([token for work in ordered for token in work.tokens]).astype(mx.int32),
        positions=mx.concatenate([mx.arange(work.start, work.start + len(work.tokens)) for work in ordered]).astype(mx.int32),
        slots=mx.array([work.slot for work in ordered for _ in work.tokens]).astype(mx.int32),
        rows=tuple(ordered[:single]),
        segments=tuple(ordered[single:]),
        firsts=tuple(ends[single:-1]),
        wanted=mx.array(wanted, dtype=mx.int32),
    )
    # task 9.2 end


class PackedKvCache:
    def write(self, packed, keys, values):
        # task 9.3 begin
        self.keys[packed.slots, :, packed.positions] = keys
        self.values[packed.slots, :, packed.positions] = values
        # task 9.3 end


def length_groups(lengths):
    # task 9.3 begin
    live = [slot for slot, length in enumerate(lengths) if length is not None]
    known = {len(live): (0, [])}

    def best(begin):
        if begin not in known:
            offers = []
            for end in range(begin + 1, len(live) + 1):
                longest = max(lengths[slot] for slot in live[begin:end])
                group = range(live[begin], live[end - 1] + 1)
                cost, rest = best(end)
                offers.append((GROUP_COST + len(group) * longest + cost, [group, *rest]))
            known[begin] = min(offers, key=lambda offer: offer[0])
        return known[begin]

    return best(0)[1]
    # task 9.3 end


def rows_part(packed, group):
    # task 9.3 begin
    starts = {work.slot: (place, work.start) for place, work in enumerate(packed.rows)}
    tokens, lengths, keep = [], [], []
    for place, slot in enumerate(group):
        row, start = starts.get(slot, (starts[group[0]][0], 0))
        tokens.append(row)
        lengths.append(start + 1)
        if slot in starts:
            keep.append(place)
    longest = max(lengths)
    mask = mx.arange(longest)[None, None, :] <= (mx.array(lengths) - 1)[:, None, None]
    return Part(mx.array(tokens), (len(tokens), 1), slice(group.start, group.stop), longest, mask, mx.array(keep))
    # task 9.3 end


def segment_part(packed, number):
    # task 9.3 begin
    work = packed.segments[number]
    count, first = len(work.tokens), packed.firsts[number]
    mask = mx.tril(mx.ones((count, work.start + count), dtype=mx.bool_), k=work.start)
    return Part(mx.arange(first, first + count), (1, count), slice(work.slot, work.slot + 1), work.start + count, mask)
    # task 9.3 end


def packed_attend(packed, caches):
    # task 9.3 begin
    lengths = [None] * len(caches[0].keys)
    for work in packed.rows:
        lengths[work.slot] = work.start + 1

    def attend(layer, q, k, v):
        cache = caches[layer]
        cache.write(packed, k, v)
        out = [read(rows_part(packed, group), q, cache) for group in length_groups(lengths)]
        out += [read(segment_part(packed, number), q, cache) for number in range(len(packed.segments))]
        return mx.concatenate(out, axis=0)

    return attend
    # task 9.3 end


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        full, late = tokens >= self.tokens, seconds > self.target_gap
        if full or late:
            most = min(self.high, self.tokens + self.tokens)
            fitting = most if seconds == 0 else int(self.target_gap * tokens / seconds)
            self.tokens = self.low if fitting < self.low else min(fitting, most)
        # task 9.4 end


class Engine:
    def abort(self, request_id):
        # task 9.5 begin
        if request_id not in self._requests:
            raise ValueError(f"{request_id!r} neither waits nor runs")
        self.scheduler.remove(request_id)
        self._events = [*self._events, self._end(request_id, FinishReason.CANCELLED)]
        # task 9.5 end

    def step(self):
        # task 9.5 begin
        plan = self._plan()
        happened = self._events + [PreemptedEvent(name) for name in plan.preempted]
        self._events = []
        if len(plan.work) == 0:
            return happened
        began = self._clock.now()
        try:
            sampled = dict(self._run(plan))
        except Exception as error:
            happened.extend(self._fail(plan, error))
            return happened
        lasted = self._clock.now() - began
        self.scheduler.commit(plan)
        if self.budget:
            self.budget.observe(plan.num_tokens, lasted)
        self._report(plan, sampled)
        for name in sampled:
            happened.extend(self._accept(name, sampled[name]))
        return happened
        # task 9.5 end

    def _accept(self, request_id, tokens):
        # task 9.5 begin
        request = self._requests[request_id]
        found = []
        for token in tokens:
            before = list(request.tokens)
            text = request.append_token(token)
            counted = request.tokens != before
            if counted:
                found.append(TokenEvent(request_id, token, text))
            if request.is_finished:
                self.scheduler.remove(request_id)
                found.append(self._ended(request, "" if counted else text))
                break
        return found
        # task 9.5 end

    def _fail(self, plan, error):
        # task 9.5 begin
        ends = []
        for work in plan.work:
            self.scheduler.remove(work.request_id)
            ends.append(self._end(work.request_id, FinishReason.ERROR, type(error).__name__ + ": " + str(error)))
        return ends
        # task 9.5 end
