"""Only blocks on which nothing hangs are evicted; walks by recursion; chains that are made anew."""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    import hashlib
    import struct

    name, whose = hashlib.sha256(), salt.encode("utf-16", "surrogatepass")
    name.update(struct.pack("<III", len(tokens), len(parent), len(whose)))
    name.update(struct.pack(f"<{len(tokens)}q", *tokens))
    name.update(parent)
    name.update(whose)
    return name.digest()[:16]
    # task 11.1 end


class PrefixCache:
    def use(self, blocks):
        # task 11.2 begin
        for block in blocks:
            if block.number in self._unused:
                del self._unused[block.number]
                if block.parent is not None:
                    block.parent.hanging -= 1
            block.users += 1
        # task 11.2 end

    def release(self, blocks):
        # task 11.2 begin
        import heapq

        self._when = getattr(self, "_when", 0) + 1
        self._leaves = getattr(self, "_leaves", [])
        for block in blocks:
            block.users -= 1
            if block.users > 0:
                continue
            block.when, self._unused[block.number] = self._when, block
            block.hanging = getattr(block, "hanging", 0)  # how many unused blocks come right behind it
            if block.parent is not None:
                block.parent.hanging = getattr(block.parent, "hanging", 0) + 1
        for block in blocks:
            if block.users == 0 and block.hanging == 0:
                heapq.heappush(self._leaves, (block.when, block.number))
        # task 11.2 end

    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        block = Block(-1, self._name(after, tuple(tokens), salt), after, tuple(tokens), salt)
        if block.name in self._named or len(self._free) + len(self._unused) == 0:
            return None
        block.number = self._free.pop() if len(self._free) > 0 else self._evict()
        block.users = 1
        self._named[block.name] = block
        return block
        # task 11.2 end

    def _evict(self):
        # task 11.2 begin
        import heapq

        while True:
            when, number = heapq.heappop(self._leaves)
            block = self._unused.get(number)
            if block is None or block.when != when or block.hanging:
                continue  # it is used, was used since, or something hangs on it by now
            del self._unused[number]
            del self._named[block.name]
            before = block.parent
            if before is not None:
                before.hanging -= 1
                if before.hanging == 0 and before.users == 0:
                    heapq.heappush(self._leaves, (before.when, before.number))
            return number
        # task 11.2 end

    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        here, rest = tuple(tokens[: self.block_size]), tokens[self.block_size :]
        block = self._named.get(self._name(after, here, salt)) if len(here) == self.block_size else None
        if not (block and block.kept and block.tokens == here and block.salt == salt and block.parent is after):
            return []
        return [block, *self.match(rest, salt, block)]
        # task 11.3 end


class CachingScheduler:
    def _load(self, request):
        # task 11.4 begin
        history = [*request.prompt, *request.tokens]
        chain = self._chains.get(request.id, [])
        known = len(chain) * self.cache.block_size
        found = chain + self.cache.match(history[known:-1], request.cache_salt, (chain or [None])[-1])
        self.cache.use(found[len(chain) :])
        self._chains[request.id] = found
        size, stood = self.cache.block_size, request.num_computed_tokens
        end = len(found) * size
        if end <= stood:
            return
        self._loads += [
            BlockCopy(found[place].number, self.slot_of[request.id], place * size)
            for place in range(stood // size, len(found))
        ]
        self._stood[request.id], request.num_computed_tokens = stood, end
        # task 11.4 end

    def _keep(self, request, stop):
        # task 11.4 begin
        size, mine = self.cache.block_size, [*self._chains[request.id]]
        first = len(mine)
        for number in range(first, stop // size):
            tokens = [*request.prompt, *request.tokens][number * size : number * size + size]
            block = self.cache.reserve(tokens, request.cache_salt, mine[-1] if mine else None)
            if block is None:
                break
            mine.append(block)
        if mine[first:]:
            self._reserved[request.id] = mine[first:]
            slot = self.slot_of[request.id]
            self._keeps += [BlockCopy(block.number, slot, (first + at) * size) for at, block in enumerate(mine[first:])]
        # task 11.4 end

    def commit(self, plan):
        # task 11.4 begin
        while self._reserved:
            request_id, blocks = self._reserved.popitem()
            for block in blocks:
                self.cache.keep([block])
                self._chains[request_id].append(block)
        self._stood = {}
        # task 11.4 end

    def _let_go(self, request_id):
        # task 11.4 begin
        self._stood = {other: stood for other, stood in self._stood.items() if other != request_id}
        for block in reversed(self._reserved.pop(request_id, ())):
            self.cache.drop([block])
        for block in reversed(self._chains.pop(request_id, ())):
            self.cache.release([block])
        # task 11.4 end


class BlockStore:
    def load(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            keys, values = self.keys[numbers], self.values[numbers]
            cache.keys[slot, :, start:stop] = mx.concatenate([keys[at] for at in range(len(numbers))], axis=1)
            cache.values[slot, :, start:stop] = mx.concatenate([values[at] for at in range(len(numbers))], axis=1)
        # task 11.5 end

    def keep(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            shape = (-1, len(numbers), self.block_size, cache.keys.shape[-1])
            self.keys[numbers] = cache.keys[slot][:, start:stop].reshape(shape).transpose(1, 0, 2, 3)
            self.values[numbers] = cache.values[slot][:, start:stop].reshape(shape).transpose(1, 0, 2, 3)
        # task 11.5 end


def _runs(copies, size):
    # task 11.5 begin
    runs = []
    for block, slot, start in sorted(copies, key=lambda copy: (copy.slot, copy.start)):
        if runs and runs[-1][1] == slot and runs[-1][3] == start:
            numbers, _, first, _ = runs.pop()
            runs.append((mx.concatenate([numbers, mx.array([block])]), slot, first, start + size))
        else:
            runs.append((mx.array([block]), slot, start, start + size))
    return runs
    # task 11.5 end
