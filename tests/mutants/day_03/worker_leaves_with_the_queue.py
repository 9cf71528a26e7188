"""Your worker ends when it is closing and the queue is empty. A caller that still waits for room gets into the queue a moment later, and
no worker is left to serve it.

task: 3.2
caught-by: test_day_03.py::test_close_serves_who_waits_for_room
"""


class DynamicBatcher:
    async def _serve(self):
        # task 3.1 begin
        while not (self._closing and not self._queue):
            self._news.clear()
            if self._is_due():
                # Who was cancelled a moment ago may not have left yet; its answer is cancelled already.
                wanted = (ticket for ticket in self._queue if not ticket.answer.cancelled())
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
