"""You gave a request's room back twice: when it was taken into a batch, and again when its caller left. The queue grows past
its bound.

task: 3.2
caught-by: test_day_03.py::test_room_is_given_back_once
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
                self._room.release()
        finally:
            self._callers -= 1
            self._news.set()
        # task 3.1 end
