"""A caller that leaves does not set the news: the worker, which waits for the last one to leave, never hears of it.

task: 3.2
caught-by: test_day_03.py::test_close_returns_after_the_last_answer
"""


class DynamicBatcher:
    async def submit(self, request):
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("the batcher is closed: make a new one")
        self._callers += 1
        if self._worker is None:
            self._worker = asyncio.create_task(self._serve())
        try:
            await self._room.acquire()
            loop = asyncio.get_running_loop()
            ticket = Ticket[Request, Result](request, loop.time(), loop.create_future())
            self._queue[ticket] = None
            self._news.set()
            try:
                return await ticket.answer
            finally:
                self._take(ticket)
        finally:
            self._callers -= 1
        # task 3.1 end
