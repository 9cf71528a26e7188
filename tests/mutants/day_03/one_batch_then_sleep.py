"""You set a timer when the queue was empty, and ran one batch when it rang. A request that did not fit into that batch is stranded:
nothing starts the next one until a request happens to come to an empty queue.

task: 3.1
caught-by: test_day_03.py::test_who_does_not_fit_is_served_without_a_new_arrival
"""


class DynamicBatcher:
    async def submit(self, request):
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("closed")
        self._callers += 1
        try:
            await self._room.acquire()
            loop = asyncio.get_running_loop()
            ticket = Ticket(request, loop.time(), loop.create_future())
            self._queue[ticket] = None
            self._news.set()
            if len(self._queue) == 1:
                self._worker = asyncio.create_task(self._serve())
            try:
                return await ticket.answer
            finally:
                self._take(ticket)
        finally:
            self._callers -= 1
            self._news.set()
        # task 3.1 end

    async def _serve(self):
        # task 3.1 begin
        while not self._is_due():
            self._news.clear()
            oldest = next(iter(self._queue), None)
            if oldest is None:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout_at(oldest.arrived + self.max_wait):
                    await self._news.wait()
        batch = list(islice(self._queue, self.max_batch_size))
        for ticket in batch:
            self._take(ticket)
        await self._answer(batch)
        # task 3.1 end
