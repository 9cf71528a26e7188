"""You ran the request of a caller that was cancelled just as its batch became full: its ticket has not left the
queue yet, but its future is already cancelled.

task: 3.2
caught-by: test_day_03.py::test_who_gives_up_as_its_batch_gets_full_is_not_computed
"""


class DynamicBatcher:
    async def _serve(self):
        # task 3.1 begin
        while not (self._closing and self._callers == 0):
            self._news.clear()
            if self._is_due():
                # Who was cancelled a moment ago may not have left yet; its answer is cancelled already.
                wanted = iter(self._queue)
                batch = list(islice(wanted, self.max_batch_size))
                for ticket in batch:
                    self._take(ticket)
                if batch:
                    await self._answer(batch)
                else:
                    await asyncio.sleep(0)  # let those who were cancelled leave
            else:
                oldest = next(iter(self._queue), None)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(oldest.arrived + self.max_wait if oldest else None):
                        await self._news.wait()
        # task 3.1 end
