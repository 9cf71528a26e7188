"""You took the newest requests. The oldest have waited longest, and under load they would wait forever.

task: 3.1
caught-by: test_day_03.py::test_who_does_not_fit_is_served_without_a_new_arrival
"""


class DynamicBatcher:
    async def _serve(self):
        # task 3.1 begin
        while not (self._closing and self._callers == 0):
            self._news.clear()
            if self._is_due():
                batch = list(self._queue)[-self.max_batch_size :]
                for ticket in batch:
                    self._take(ticket)
                await self._answer(batch)
            else:
                oldest = next(iter(self._queue), None)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(oldest.arrived + self.max_wait if oldest else None):
                        await self._news.wait()
        # task 3.1 end
