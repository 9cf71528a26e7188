"""Pages looked at one by one, masks for all rows, and loops where an array of numbers would do."""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        if self.num_free + self.num_unused < count:
            return None
        free = [heappop(self._free) for _ in range(min(count, len(self._free)))]
        numbers = free + [self._evict() for _ in range(count - len(free))]
        for number in numbers:
            self._blocks[number] = Block(number=number, name=b"", parent=None, tokens=(), salt="")
            self._blocks[number].users = 1
        return [self._blocks[number] for number in numbers]
        # task 12.1 end

    def use(self, blocks):
        # task 12.1 begin
        strange = [page.number for page in blocks if page is not self._blocks[page.number]]
        if strange:
            raise ValueError(f"pages {strange} are not what they were")
        for page in blocks:
            if page.users == 0:
                del self._unused[page.number]
            page.users = page.users + 1
        # task 12.1 end

    def release(self, blocks):
        # task 12.1 begin
        strange = [page.number for page in blocks if page is not self._blocks[page.number] or page.users == 0]
        if strange:
            raise ValueError(f"pages {strange} are not in use, or not what they were")
        for page in blocks:
            page.users -= 1
        done = [page for page in blocks if page.users == 0]
        self._unused.update((page.number, page) for page in done[::-1] if page.name)
        for page in done:
            if not page.name:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end

    def publish(self, page, tokens, salt="", after=None):
        # task 12.1 begin
        name = self._name(after, tuple(tokens), salt)
        there = self._named.get(name)
        if after and not after.name:
            return page
        if there is None:
            page.name, page.tokens, page.salt, page.parent = name, tuple(tokens), salt, after
            page.kept = True
            self._named[name] = page
        elif there is not page and there.tokens == tuple(tokens) and there.salt == salt and there.parent is after:
            self.use([there])
            self.release([page])
            return there
        return page
        # task 12.1 end


class PagedScheduler:
    def _fits(self, request):
        # task 12.2 begin
        if len(self.running) == 0:
            return True
        other = self._sampled(request)
        if other is not None and not self._is_read(other):
            return False
        size, tokens = self.allocator.block_size, length(request)
        table = list(self._shared(request))
        if len(table) * size >= tokens:
            table.pop()  # it is copied, and that takes a page
        to_be_had = self.allocator.num_available - len([page for page in table if not page.users])
        missing = (tokens + size - 1) // size - len(table)
        return to_be_had - missing >= self.headroom * len([*self.running, request.id])
        # task 12.2 end

    def _shared(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is None or request.tokens or not self._is_read(other):
            history = [*request.prompt, *request.tokens]
            return self.allocator.match(history[:-1], request.cache_salt)
        size, pages = self.allocator.block_size, []
        for place in range(0, len(request.prompt), size):
            pages.append(self.tables[other.id][place // size])
        return pages
        # task 12.2 end

    def _grow(self, request):
        # task 12.2 begin
        size, table = self.allocator.block_size, self.tables[request.id]
        missing = 0
        while (len(table) + missing) * size < length(request):
            missing += 1
        pages = self.allocator.allocate(missing)
        self.tables[request.id] = table + (pages or [])
        return pages is not None
        # task 12.2 end

    def _make_room(self):
        # task 12.2 begin
        gone, done = [], 0
        while done < len(self.running):
            request = list(self.running.values())[done]
            if self._grow(request) and self._own(request):
                done += 1
                continue
            last = list(self.running)[-1]
            gone.append(last)
            self._send_back(last)
        return (*gone,)
        # task 12.2 end

    def _own(self, request):
        # task 12.3 begin
        at = request.num_computed_tokens // self.allocator.block_size
        for page in self.tables[request.id][at : at + 1]:
            if page.users > 1:
                new = self.allocator.allocate(1)
                if not new:
                    return False
                self.tables[request.id][at] = new[0]
                self._copies[request.id] = (page, *new)
        return True
        # task 12.3 end

    def _catch_up(self, request):
        # task 12.3 begin
        size, table = self.allocator.block_size, self.tables[request.id]
        place = request.num_computed_tokens // size
        while (place + 1) * size < length(request):
            after = table[place - 1] if place > 0 else None
            tokens = [*request.prompt, *request.tokens][place * size : (place + 1) * size]
            found = self.allocator.match(tokens, request.cache_salt, after)
            if not found:
                break
            self.allocator.use(found)
            self.allocator.release([table[place]])
            table[place] = found[0]
            place += 1
            request.num_computed_tokens = place * size
        # task 12.3 end

    def commit(self, plan):
        # task 12.3 begin
        for work in plan.work:
            request, table = self.running[work.request_id], self.tables[work.request_id]
            after, start = None, 0
            while start + self.allocator.block_size <= request.num_computed_tokens:
                place, stop = start // self.allocator.block_size, start + self.allocator.block_size
                if not table[place].kept:
                    tokens = [*request.prompt, *request.tokens][start:stop]
                    table[place] = self.allocator.publish(table[place], tokens, request.cache_salt, after)
                after, start = table[place], stop
        # task 12.3 end


class PagedKvCache:
    def copy(self, copies):
        # task 12.4 begin
        for source, target in copies:
            self.keys[target] = self.keys[source] + 0
            self.values[target] = self.values[source] + 0
        # task 12.4 end

    def write(self, pages, offsets, keys, values):
        # task 12.4 begin
        for token, (page, offset) in enumerate(zip(pages.tolist(), offsets.tolist(), strict=True)):
            self.keys[page, :, offset] = keys[token]
            self.values[page, :, offset] = values[token]
        # task 12.4 end


def places(packed, tables, size):
    # task 12.4 begin
    found = []
    for work in packed.rows + packed.segments:
        for position in range(work.start, work.start + len(work.tokens)):
            place, offset = divmod(position, size)
            if place >= len(tables[work.request_id]):
                raise ValueError(f"the table of {work.request_id} ends before position {position}")
            found.append((tables[work.request_id][place], offset))
    both = mx.array(found, dtype=mx.int32)
    return both[:, 0], both[:, 1]
    # task 12.4 end


def gather(pages, tables):
    # task 12.4 begin
    rows = [mx.concatenate([pages[number] for number in row], axis=1) for row in tables.tolist()]
    return mx.stack(rows)
    # task 12.4 end


def gathering_reader(tables, lengths, size):
    # task 12.4 begin
    needed = [list(table)[: (number + size - 1) // size] for table, number in zip(tables, lengths, strict=True)]
    width = max(len(table) for table in needed)
    square = mx.array([table + [0] * (width - len(table)) for table in needed])
    mask = mx.stack([mx.arange(width * size)[None] < number for number in lengths])

    def decode(q, keys, values):
        found = attention(mx.expand_dims(q, 1), gather(keys, square), gather(values, square), mask)
        return found.squeeze(1)

    return decode
    # task 12.4 end


def paged_attend(packed, tables, caches, reader):
    # task 12.4 begin
    size = caches[0].block_size
    where = places(packed, tables, size)
    decode = None
    if packed.rows:
        seen = [work.start + 1 for work in packed.rows]
        decode = reader([tables[work.request_id] for work in packed.rows], seen, size)

    def attend(layer, q, k, v):
        cache, first = caches[layer], len(packed.rows)
        cache.write(*where, k, v)
        out = [] if decode is None else [decode(q[:first], cache.keys, cache.values)]
        for work in packed.segments:
            count = len(work.tokens)
            numbers = mx.array([list(tables[work.request_id])])
            keys, values = gather(cache.keys, numbers), gather(cache.values, numbers)
            reach = mx.arange(count)[:, None] + work.start
            out.append(
                attention(q[None, first : first + count], keys, values, mx.arange(keys.shape[2])[None] <= reach)[0]
            )
            first += count
        return mx.concatenate(out, axis=0)

    return attend
    # task 12.4 end
