"""You let every request into the queue. A bounded queue makes the rest wait outside, so that memory and waiting have a limit.

task: 3.2
caught-by: test_day_03.py::test_a_full_queue_lets_nobody_in
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
            pass
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
