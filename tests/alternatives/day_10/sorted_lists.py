"""The same policies, written otherwise: bisect in place of a heap, plain loops, memory counted anew each time."""


class Fifo:
    def key(self, request, arrival):
        # task 10.1 begin
        return float(arrival.number)
        # task 10.1 end

    def add(self, request, arrival):
        # task 10.1 begin
        import bisect
        entry = (self.key(request, arrival), arrival.number, request.id)
        bisect.insort(self._heap, entry)
        self._waiting[request.id] = (entry, request)
        # task 10.1 end

    def first(self, running, step):
        # task 10.1 begin
        return self._waiting[self._heap[0][2]][1] if self._heap else None
        # task 10.1 end

    def remove(self, request):
        # task 10.1 begin
        import bisect
        entry, _ = self._waiting.pop(request.id)
        del self._heap[bisect.bisect_left(self._heap, entry)]
        # task 10.1 end


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        forgiven = -self.ageing * arrival.step
        return self.estimate(request) - forgiven
        # task 10.2 end


class LengthBalanced:
    def first(self, running, step):
        # task 10.3 begin
        if self._passed >= self.patience or not self._waiting:
            return self._oldest
        candidates = [entry[2] for entry in self._waiting[: self.window]]
        everybody = [length(each) for each in [*running, *candidates]]
        mean = sum(everybody) / len(everybody)
        best, nearest = None, None
        for candidate in candidates:
            together = [length(each) for each in [*running, candidate]]
            off = abs(sum(together) / len(together) - mean)
            if nearest is None or off < nearest:
                best, nearest = candidate, off
        return best
        # task 10.3 end

    def remove(self, request):
        # task 10.3 begin
        was_oldest = self._oldest is request
        self._waiting = [entry for entry in self._waiting if entry[2] is not request]
        self._passed = 0 if was_oldest else self._passed + 1
        # task 10.3 end


class PreemptiveScheduler:
    @property
    def memory_used(self):
        # task 10.4 begin
        return sum(map(length, self.running.values()))
        # task 10.4 end

    def _fits(self, request):
        # task 10.4 begin
        after = [*self.running.values(), request]
        needed = sum(length(each) + self.headroom for each in after)
        return len(after) == 1 or needed <= self.max_memory_tokens
        # task 10.4 end

    def _make_room(self):
        # task 10.4 begin
        gone = ()
        while sum(map(length, self.running.values())) > self.max_memory_tokens:
            newest = list(self.running)[-1]
            self._send_back(newest)
            gone += (newest,)
        return gone
        # task 10.4 end

    def _send_back(self, request_id):
        # task 10.4 begin
        request, arrival = self._known[request_id]
        request.advance(RequestState.WAITING)
        request.num_computed_tokens = 0
        self.waiting.add(request, arrival)
        self.slot_of.pop(request_id)
        self._slots.free_slot(request_id)
        del self.running[request_id]
        # task 10.4 end
