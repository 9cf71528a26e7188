"""Tuning, control and promise, written otherwise: a quadratic front, a list of what is kept, plain branches."""


def pareto(points):
    # task 14.5 begin
    tried, front = list(points), []
    for place, one in enumerate(tried):
        beaten = False
        for other_place, other in enumerate(tried):
            better = other.throughput >= one.throughput and other.tpot <= one.tpot
            equal = other.throughput == one.throughput and other.tpot == one.tpot
            if better and (not equal or other_place < place):
                beaten = True
        if not beaten:
            front.append(one)
    front.sort(key=lambda each: each.tpot)
    return front
    # task 14.5 end


def best_under(points, objective):
    # task 14.5 begin
    best, smallest = None, (float("inf"), float("inf"))
    for point in points:
        smallest = (min(smallest[0], point.ttft), min(smallest[1], point.tpot))
        if point.ttft > objective.ttft or point.tpot > objective.tpot:
            continue
        if best is None or point.throughput > best.throughput:
            best = point
        elif point.throughput == best.throughput and point.tpot < best.tpot:
            best = point
    if best is None:
        raise ValueError(f"nothing keeps {objective}; TTFT {smallest[0]} and TPOT {smallest[1]} were the smallest")
    return best
    # task 14.5 end


def search(measure, slots, tokens, blocks, objective):
    # task 14.5 begin
    for values in (slots, tokens, blocks):
        if len(values) == 0 or any(b <= a for a, b in zip(values, values[1:])):
            raise ValueError(f"{values}: at least one, and rising")
    middle, measured = blocks[len(blocks) // 2], []
    more, fewer = list(slots), list(tokens)
    while more and fewer and more[0] <= fewer[-1]:
        point = measure(Setting(more[0], fewer[-1], middle))
        measured.append(point)
        if point.tpot > objective.tpot:
            fewer.pop()
        else:
            more.pop(0)
    if any(each.ttft <= objective.ttft and each.tpot <= objective.tpot for each in measured):
        best = best_under(measured, objective).setting
        for size in blocks:
            if size != middle:
                measured.append(measure(Setting(best.slots, best.tokens, size)))
    return measured
    # task 14.5 end


class LimitedQueue:
    def first(self, running, step):
        # task 14.6 begin
        return self._queue.first(running, step) if len(running) < self.limit else None
        # task 14.6 end


class LoadControl:
    def on_step(self, rows):
        # task 14.6 begin
        ended = self._clock.now()
        took = ended - self._at
        who = {row.request for row in rows}
        stayed = not who.isdisjoint(self._before)
        self._at, self._before = ended, frozenset(who)
        if stayed:
            total = 0
            for row in rows:
                total += row.tokens
            self._follow(total, took)
            self._limit(len(rows), took)
        self._apply()
        # task 14.6 end

    def _follow(self, tokens, seconds):
        # task 14.6 begin
        import math

        whole, late = math.floor(self.tokens), seconds > self.target_tpot
        if tokens < whole:
            if not late:
                return
            base = tokens
        else:
            base = tokens if tokens > self.tokens else self.tokens
        if seconds <= self.target_tpot / 4:
            base *= 2
        elif seconds >= 4 * self.target_tpot:
            base /= 2
        else:
            base *= math.sqrt(self.target_tpot / seconds)
        self.tokens = float(min(max(base, self.low), self.high))
        # task 14.6 end

    def _limit(self, running, seconds):
        # task 14.6 begin
        limit = self._queue.limit
        if self.tokens < running:
            limit = int(self.tokens // 1)
        elif limit <= running and not seconds > HEADROOM * self.target_tpot and limit < self._scheduler.max_running:
            limit += 1
        self._queue.limit = limit
        # task 14.6 end

    def _apply(self):
        # task 14.6 begin
        whole, running = int(self.tokens), len(self._scheduler.running)
        self._scheduler.max_batched_tokens = whole if whole > running else running
        # task 14.6 end


class Promise:
    def on_step(self, rows):
        # task 14.7 begin
        now, before, left = self._clock.now(), self._unread, self._scheduler.num_unread
        took, self._at, self._unread = now - self._at, now, left
        if before == 0 or left == 0 or took <= 0:
            return
        read = 0
        for row in rows:
            if row.kind == Kind.PREFILL:
                read += row.tokens
        keep = math.exp(-took / self.memory)
        self.rate = max(1 / self.memory, keep * self.rate + (1 - keep) * read / took)
        # task 14.7 end

    def forecast(self, prompt_tokens):
        # task 14.7 begin
        if prompt_tokens <= 0:
            raise ValueError("a prompt has at least one token")
        before = self._scheduler.num_unread
        return (before + prompt_tokens) / self.rate
        # task 14.7 end

    def check(self, request):
        # task 14.7 begin
        before = self._scheduler.num_unread
        if before == 0:
            return
        room = self.objective.ttft * self.rate / self.margin - len(request.prompt)
        if before > room:
            wait = before / self.rate if room < 0 else (before - room) / self.rate
            seconds = self.forecast(len(request.prompt))
            raise NotInTime(f"{seconds:.1f} s, and {self.objective.ttft:.1f} s are promised: in {wait:.1f} s", wait)
        # task 14.7 end
