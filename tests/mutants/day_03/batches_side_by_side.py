"""You started the next batch while one was running. There is one machine: they would share it, and both be late.

task: 3.1
caught-by: test_day_03.py::test_one_batch_runs_at_a_time
"""


class DynamicBatcher:
    async def _serve(self):
        # task 3.1 begin
        while not (self._closing and self._callers == 0):
            self._news.clear()
            if self._is_due():
                batch = list(islice(self._queue, self.max_batch_size))
                for ticket in batch:
                    self._take(ticket)
                asyncio.ensure_future(self._answer(batch))
            else:
                oldest = next(iter(self._queue), None)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(oldest.arrived + self.max_wait if oldest else None):
                        await self._news.wait()
        # task 3.1 end
