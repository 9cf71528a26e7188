"""You stopped at close, with requests still in the queue. Their callers were let in, and wait for an answer.

task: 3.2
caught-by: test_day_03.py::test_close_serves_who_is_queued_and_does_not_wait
"""


class DynamicBatcher:
    async def _serve(self):
        # task 3.1 begin
        while not (self._closing):
            self._news.clear()
            if self._is_due():
                batch = list(islice(self._queue, self.max_batch_size))
                for ticket in batch:
                    self._take(ticket)
                await self._answer(batch)
            else:
                oldest = next(iter(self._queue), None)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(oldest.arrived + self.max_wait if oldest else None):
                        await self._news.wait()
        # task 3.1 end
