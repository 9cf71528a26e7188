"""The same batcher with the answers looked at by a helper coroutine, and offsets by cumulative sums."""


class DynamicBatcher:
    async def submit(self, request):
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("no more requests")
        self._callers += 1
        try:
            if not self._worker:
                self._worker = asyncio.get_running_loop().create_task(self._serve())
            async with asyncio.timeout(None):
                await self._room.acquire()
            now = asyncio.get_running_loop().time()
            ticket = Ticket(request, now, asyncio.get_running_loop().create_future())
            ticket.answer.add_done_callback(lambda _: self._take(ticket))
            self._queue[ticket] = None
            self._news.set()
            return await ticket.answer
        finally:
            self._callers -= 1
            self._news.set()
        # task 3.1 end

    async def _serve(self):
        # task 3.1 begin
        while True:
            while not self._is_due():
                if self._closing and not self._callers:
                    return
                self._news.clear()
                waiting = list(self._queue)
                left = waiting[0].arrived + self.max_wait - asyncio.get_running_loop().time() if waiting else None
                try:
                    await asyncio.wait_for(self._news.wait(), left)
                except TimeoutError:
                    pass
            batch = []
            for ticket in list(self._queue):
                if len(batch) < self.max_batch_size:
                    batch.append(ticket)
                    self._take(ticket)
            await self._answer(batch)
        # task 3.1 end


def collate_sparse(features):
    # task 3.3 begin
    import itertools

    ends = list(itertools.accumulate((len(row) for row in features), initial=0))
    flat = list(itertools.chain.from_iterable(features))
    return Ragged(mx.array(flat, dtype=mx.int32), mx.array(ends, dtype=mx.int32))
    # task 3.3 end
