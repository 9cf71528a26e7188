"""Your `close` does not wake the worker: it sleeps until a request comes, and none can come any more.

task: 3.2
caught-by: test_day_03.py::test_close_wakes_an_idle_worker
"""


class DynamicBatcher:
    async def close(self):
        # task 3.2 begin
        self._closing = True
        if self._worker is not None:
            await asyncio.shield(self._worker)
        # task 3.2 end
