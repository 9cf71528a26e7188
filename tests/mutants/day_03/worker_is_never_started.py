"""Nothing starts the worker: requests are put into the queue, and stay there.

task: 3.1
caught-by: test_day_03.py::test_a_lonely_request_waits_for_others_and_then_runs
"""


class DynamicBatcher:
    async def submit(self, request):
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("the batcher is closed: make a new one")
        self._callers += 1
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
            self._news.set()
        # task 3.1 end
