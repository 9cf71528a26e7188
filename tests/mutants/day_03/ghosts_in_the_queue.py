"""You left the request of a caller that gave up in the queue. It takes a place in a batch and in the queue, for nobody.

task: 3.2
caught-by: test_day_03.py::test_who_gives_up_makes_room
"""


class DynamicBatcher:
    async def submit(self, request):
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("closed")
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
                pass
        finally:
            self._callers -= 1
            self._news.set()
        # task 3.1 end
