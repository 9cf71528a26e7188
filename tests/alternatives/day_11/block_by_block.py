"""Names of text, a heap of who is unused, and a scheduler that walks block by block."""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    from hashlib import sha256

    return sha256(repr((parent, tuple(int(token) for token in tokens), salt)).encode()).digest()
    # task 11.1 end


class PrefixCache:
    def use(self, blocks):
        # task 11.2 begin
        for block in blocks:
            if block.users == 0:
                del self._unused[block.number]  # its entry stays in the heap until it comes to the top
            block.users = block.users + 1
        # task 11.2 end

    def release(self, blocks):
        # task 11.2 begin
        import heapq

        heap = self.__dict__.setdefault("_heap", [])
        self._now = getattr(self, "_now", 0) + 1
        for place, block in enumerate(blocks):
            block.users -= 1
            if not block.users:
                block.entry = (self._now, -place, block.number)
                heapq.heappush(heap, block.entry)
                self._unused[block.number] = block
        # task 11.2 end

    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        name = self._name(after, tuple(tokens), salt)
        if name in self._named:
            return None
        if self._free:
            number = self._free.pop()
        elif self._unused:
            number = self._evict()
        else:
            return None
        self._named[name] = Block(number, name, after, tuple(tokens), salt, False, 1)
        return self._named[name]
        # task 11.2 end

    def _evict(self):
        # task 11.2 begin
        import heapq

        while True:
            entry = heapq.heappop(self._heap)
            block = self._unused.get(entry[2])
            if block is not None and block.entry is entry:
                del self._unused[block.number], self._named[block.name]
                return block.number
        # task 11.2 end

    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        blocks, before, size = [], after, self.block_size
        while len(tokens) >= (len(blocks) + 1) * size:
            here = tuple(tokens[len(blocks) * size : (len(blocks) + 1) * size])
            name = self._name(before, here, salt)
            if name not in self._named:
                return blocks
            block = self._named[name]
            right = block.kept and block.parent is before and block.tokens == here and block.salt == salt
            if not right:
                return blocks
            before = block
            blocks.append(block)
        return blocks
        # task 11.3 end


class CachingScheduler:
    def _load(self, request):
        # task 11.4 begin
        if request.id not in self._chains:
            self._chains[request.id] = []
        chain, size = self._chains[request.id], self.cache.block_size
        everything = [*request.prompt, *request.tokens]
        while (len(chain) + 1) * size < len(everything):
            start, stop = len(chain) * size, (len(chain) + 1) * size
            block = self.cache.match(everything[start:stop], request.cache_salt, chain[-1] if chain else None)
            if not block:
                break
            self.cache.use(block)
            chain.extend(block)
            if stop > request.num_computed_tokens:
                self._loads.append(BlockCopy(block[0].number, self.slot_of[request.id], start))
                self._stood.setdefault(request.id, request.num_computed_tokens)
                request.num_computed_tokens = stop
        # task 11.4 end

    def _keep(self, request, stop):
        # task 11.4 begin
        size = self.cache.block_size
        blocks = list(self._chains[request.id])
        new = []
        while (len(blocks) + 1) * size <= stop:
            start = len(blocks) * size
            tokens = tokens_between(request, start, start + size)
            block = self.cache.reserve(tokens, request.cache_salt, blocks[-1] if blocks else None)
            if block is None:
                break
            blocks.append(block)
            new.append(block)
            self._keeps.append(BlockCopy(block.number, self.slot_of[request.id], start))
        self._reserved[request.id] = new
        # task 11.4 end

    def commit(self, plan):
        # task 11.4 begin
        for work in plan.work:
            blocks = self._reserved.pop(work.request_id, [])
            self.cache.keep(blocks)
            self._chains[work.request_id].extend(blocks)
            self._stood.pop(work.request_id, None)
        # task 11.4 end

    def _let_go(self, request_id):
        # task 11.4 begin
        if request_id in self._chains:
            self.cache.release(self._chains.pop(request_id))
        if request_id in self._reserved:
            self.cache.drop(self._reserved.pop(request_id))
        if request_id in self._stood:
            del self._stood[request_id]
        # task 11.4 end


class BlockStore:
    def load(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            for into, out in ((cache.keys, self.keys), (cache.values, self.values)):
                into[slot, :, start:stop] = mx.moveaxis(mx.take(out, numbers, axis=0), 0, 1).flatten(1, 2)
        # task 11.5 end

    def keep(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            for into, out in ((self.keys, cache.keys), (self.values, cache.values)):
                pieces = mx.split(out[slot, :, start:stop], len(numbers), axis=1)
                into[numbers] = mx.stack(pieces)
        # task 11.5 end


def _runs(copies, size):
    # task 11.5 begin
    runs = []
    numbers, slot, start = [], None, 0
    for copy in copies:
        if numbers and (copy.slot, copy.start) != (slot, start + len(numbers) * size):
            runs.append((mx.array(numbers), slot, start, start + len(numbers) * size))
            numbers = []
        if not numbers:
            slot, start = copy.slot, copy.start
        numbers.append(copy.block)
    if numbers:
        runs.append((mx.array(numbers), slot, start, start + len(numbers) * size))
    return runs
    # task 11.5 end
