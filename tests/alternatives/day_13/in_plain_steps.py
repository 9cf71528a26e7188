"""One guess, one page and one place at a time, where the reference counts them all at once."""


class PromptLookup:
    def propose(self, requests, most):
        # task 13.1 begin
        answer = []
        for request, limit in zip(requests, most, strict=True):
            here = self._match(request)  # also if it may guess nothing: so it is read already
            mine: list[int] = []
            while here is not None and len(mine) < limit:
                behind = here - length(request)
                mine.append(mine[behind] if behind >= 0 else tokens_between(request, here, here + 1)[0])
                here += 1
            answer.append(mine)
        return answer
        # task 13.1 end

    def _match(self, request):
        # task 13.1 begin
        known = self._behind.setdefault(request.id, {})
        place = self._read.get(request.id, 0)
        while place < length(request):
            if place:
                known.update(dict.fromkeys(self._endings(request, place), place))
            place += 1
        self._read[request.id] = place
        for ending in self._endings(request, place):
            if ending in known:
                return known[ending]
        return None
        # task 13.1 end

    def _endings(self, request, stop):
        # task 13.1 begin
        found = []
        for size in range(self.longest, self.shortest - 1, -1):
            if size <= stop:
                found.append(tuple(tokens_between(request, stop - size, stop)))
        return found
        # task 13.1 end


class SpeculativeScheduler:
    def _propose(self):
        # task 13.2 begin
        left = max(0, self.max_batched_tokens - sum(map(num_wanted, self.running.values())))
        asked = [each for each in self.running.values() if each.state == RequestState.DECODING]
        limits = []
        for request, count in zip(asked, self.control.allot(asked, left), strict=True):
            behind = request.max_tokens - len(request.tokens) - 1
            limits.append(count if count < behind else behind)
        for request, limit, guesses in zip(asked, limits, self._ask(asked, limits), strict=True):
            kept = list(guesses)[:limit][:left]
            if kept:
                kept = kept[: self._room_for(request, len(kept))]
            if kept:
                self._guesses[request.id] = kept
                left -= len(kept)
        # task 13.2 end

    def _settle(self, request):
        # task 13.2 begin
        if request.id in self._unsettled:
            had, guesses = self._unsettled.pop(request.id)
            right = came_true(guesses, request.tokens[had:])
            for token in guesses[:right]:  # one after the other
                at = request.num_computed_tokens
                work = Work(request.id, self.slot_of[request.id], at, [token], 0, request.sampling)
                super().commit(StepPlan((work,)))
            self.control.judged(request.id, len(guesses), right)
        self._take_back(request)
        # task 13.2 end


def without_guesses(work):
    # task 13.2 begin
    guesses = max(work.wanted - 1, 0)
    return work._replace(tokens=work.tokens[: len(work.tokens) - guesses], wanted=work.wanted - guesses)
    # task 13.2 end


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table, size = self.tables[request.id], self.allocator.block_size
        while len(table) * size < length(request) + guesses and (page := self.allocator.allocate(1)):
            table += page
        return min(guesses, len(table) * size - length(request))
        # task 13.2 end

    def _take_back(self, request):
        # task 13.2 begin
        while len(self.tables[request.id]) > self._pages_for(length(request)):
            self.allocator.release([self.tables[request.id].pop()])
        # task 13.2 end


class DraftModel:
    def propose(self, requests, most):
        # task 13.5 begin
        wanting = {request.id: limit for request, limit in zip(requests, most, strict=True) if limit > 0}
        mine: dict[str, list[int]] = {}
        work = self._catch_up([request for request in requests if request.id in wanting])
        while work:
            said = self.runner.run(StepPlan(tuple(work)))
            for name, tokens in said.items():
                mine.setdefault(name, []).extend(tokens)
            # Whoever wants one more reads its newest guess.
            work = [
                Work(each.request_id, each.slot, each.start + len(each.tokens), list(said[each.request_id]), 1, each.sampling)
                for each in work
                if each.wanted and len(mine[each.request_id]) < wanting[each.request_id]
            ]
            for each in work:
                self._seen[each.request_id].guessed += each.tokens
        return [mine.get(request.id, []) for request in requests]
        # task 13.5 end
