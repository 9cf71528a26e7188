"""You took a request after close. It will never run.

task: 3.2
caught-by: test_day_03.py::test_after_close_nothing_is_taken
"""


class DynamicBatcher:
    async def submit(self, request):
        # task 3.1 begin
        pass
        self._callers += 1
        if self._worker is None:
            self._worker = asyncio.create_task(self._serve())
        try:
            await self._room.acquire()
            loop = asyncio.get_running_loop()
            ticket = Ticket(request, loop.time(), loop.create_future())
            self._queue[ticket] = None
            self._news.set()
            try:
                return await ticket.answer
            finally:
                self._take(ticket)
        finally:
            self._callers -= 1
            self._news.set()
        # task 3.1 end
