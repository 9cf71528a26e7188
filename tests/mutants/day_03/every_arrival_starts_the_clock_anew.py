"""You started the wait anew with every newcomer. Under steady traffic the oldest request then never runs.

task: 3.1
caught-by: test_day_03.py::test_the_oldest_request_sets_the_time
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
                await self._answer(batch)
            else:
                oldest = next(iter(self._queue), None)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(asyncio.get_running_loop().time() + self.max_wait if oldest else None):
                        await self._news.wait()
        # task 3.1 end
