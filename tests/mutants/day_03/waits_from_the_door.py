"""You counted a request's wait from the call to `submit`. It counts from when the request got its place in the queue.

task: 3.2
caught-by: test_day_03.py::test_who_waited_for_room_waits_for_company_from_then_on
"""


class DynamicBatcher:
    def submit(self, request):
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("the batcher is closed: make a new one")
        self._callers += 1
        if self._worker is None:
            self._worker = asyncio.create_task(self._serve())
        try:
            loop = asyncio.get_running_loop()
            ticket = Ticket[Request, Result](request, loop.time(), loop.create_future())
            await self._room.acquire()
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
