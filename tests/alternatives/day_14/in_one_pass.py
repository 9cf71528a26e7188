"""The same, written otherwise: plain loops, a logarithm with a correction, everything in one pass over the steps."""


class Histogram:
    def record(self, value):
        # task 14.1 begin
        if math.isnan(value) or math.isinf(value) or value < 0:
            raise ValueError(f"no duration: {value}")
        place = 0
        if value > self.low:
            place = min(int(math.log(value / self.low) / math.log(self.growth)), len(self.borders) - 1)
            while place > 0 and value <= self.borders[place - 1]:
                place -= 1
            while place < len(self.borders) and value > self.borders[place]:
                place += 1
        self.counts[place] += 1
        self.total += value
        if value < self.least:
            self.least = value
        if value > self.most:
            self.most = value
        # task 14.1 end

    def merge(self, other):
        # task 14.1 begin
        if (self.low, self.high, self.error) != (other.low, other.high, other.error):
            raise ValueError("other borders")
        for place in range(len(self.counts)):
            self.counts[place] += other.counts[place]
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        # task 14.1 end

    def percentile(self, share):
        # task 14.1 begin
        if share < 0 or share > 100:
            raise ValueError(f"percent, not {share}")
        left = len(self)
        if left == 0:
            return None
        left = max(1, -(-share * left // 100))
        for place, count in enumerate(self.counts):
            left -= count
            if left <= 0:
                return max(self.least, min(self.most, self._middle(place)))
        # task 14.1 end

    def _middle(self, bucket):
        # task 14.1 begin
        if bucket == 0:
            return self.low / 2
        if bucket == len(self.counts) - 1:
            return self.most
        return self.borders[bucket - 1] * (1 + self.error)
        # task 14.1 end


class BatchingMetrics:
    def on_step(self, rows):
        # task 14.2 begin
        self._pass()
        record, t = self._reader.read(rows), self._totals
        reading = [row for row in rows if row.kind is Kind.PREFILL]
        decoding = [row for row in rows if row.kind is Kind.DECODE]
        t.steps, t.slots, t.budget = t.steps + 1, t.slots + record.slots, t.budget + record.budget
        t.rows += len(reading) + len(decoding)
        t.computed += sum(row.tokens for row in rows if row.kind is not Kind.IDLE)
        t.read += sum(row.tokens for row in reading)
        t.found, t.again = t.found + record.found, t.again + record.again
        t.guessed += sum(row.tokens for row in decoding) - len(decoding)
        t.accepted += sum(row.sampled - 1 for row in decoding if row.sampled)
        self._on_record(record)
        # task 14.2 end

    def read(self):
        # task 14.2 begin
        import pickle

        self._pass()
        return pickle.loads(pickle.dumps(self._totals))
        # task 14.2 end

    def _token(self, request_id, now):
        # task 14.2 begin
        self._totals.tokens += 1
        before = self._token_at.get(request_id)
        self._token_at[request_id] = now
        if before is not None:
            self._totals.gap.record(now - before)
        # task 14.2 end


class Objective:
    def met(self, finished):
        # task 14.3 begin
        if finished.reason in (FinishReason.CANCELLED, FinishReason.ERROR):
            return False
        if finished.ttft is None:
            return finished.latency is not None and finished.latency <= self.ttft
        if finished.tpot is not None and finished.tpot > self.tpot:
            return False
        return not finished.ttft > self.ttft
        # task 14.3 end


class Totals:
    def merge(self, other):
        # task 14.3 begin
        from copy import deepcopy

        if other.objective != self.objective:
            raise ValueError("other promises")
        new = {name: deepcopy(getattr(self, name)) for name in HISTOGRAMS}
        for name, histogram in new.items():
            histogram.merge(getattr(other, name))
        for name in SUMS:
            new[name] = getattr(self, name) + getattr(other, name)
        new["ended"] = Counter(self.ended)
        new["ended"].update(other.ended)
        new["seconds"] = other.seconds if other.seconds > self.seconds else self.seconds
        self.__dict__.update(new)
        # task 14.3 end

    def little(self):
        # task 14.3 begin
        if self.seconds == 0:
            return Little(0.0, 0.0)
        return Little(self.present / self.seconds, self.stayed / self.seconds)
        # task 14.3 end


def compose(record):
    # task 14.4 begin
    of = {kind: [row for row in record.rows if row.kind is kind] for kind in Kind}
    prefill = sum(row.tokens for row in of[Kind.PREFILL]) - record.again
    kept = sum(row.sampled - 1 for row in of[Kind.DECODE] if row.sampled > 0)
    decode = len(of[Kind.DECODE])
    return Composition(prefill, decode, kept, record.computed - prefill - decode - kept)
    # task 14.4 end


def cause_of(record):
    # task 14.4 begin
    if record.waiting == 0:
        return None
    if record.running == record.slots:
        return Cause.SLOTS
    if record.computed != record.budget:
        return Cause.MEMORY
    longest = max((row.tokens for row in record.rows if row.kind is Kind.PREFILL), default=0)
    return Cause.LONG_PROMPT if 2 * longest >= record.budget else Cause.BUDGET
    # task 14.4 end


def measure(records):
    # task 14.4 begin
    part = dict.fromkeys(Cause, 0)
    whole = dict.fromkeys(Cause, 0)
    for record in records:
        for cause in (*WAITS, Cause.IDLE):
            whole[cause] += 1
        rows = 0
        for row in record.rows:
            if row.kind in (Kind.PREFILL, Kind.DECODE):
                rows += 1
            if row.kind is Kind.DECODE:
                part[Cause.GUESSES] += row.tokens - max(1, row.sampled)
                whole[Cause.GUESSES] += row.tokens - 1
            if row.kind is Kind.WASTED:
                part[Cause.BUBBLES] += row.tokens
            if row.kind is Kind.PREFILL and record.caching:
                part[Cause.CACHE] += row.tokens
                whole[Cause.CACHE] += row.tokens
        for cause in (Cause.THRASH, Cause.BUBBLES):
            whole[cause] += record.computed
        part[Cause.THRASH] += record.again
        if record.caching:
            whole[Cause.CACHE] += record.found
        if record.waiting == 0 and 2 * rows <= record.slots:
            part[Cause.IDLE] += 1
    return [
        _waits(cause, records)
        if cause in WAITS
        else Evidence(cause, part[cause] / whole[cause] if whole[cause] else 0.0, whole[cause])
        for cause in Cause
    ]
    # task 14.4 end
