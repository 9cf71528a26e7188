"""You waited only for a full batch. When no more requests come, the last ones are never served.

task: 3.1
caught-by: test_day_03.py::test_a_lonely_request_waits_for_others_and_then_runs
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
                    async with asyncio.timeout_at(None):
                        await self._news.wait()
        # task 3.1 end
