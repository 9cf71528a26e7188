"""You waited for a worker that never existed: nothing was ever submitted.

task: 3.2
caught-by: test_day_03.py::test_close_returns_when_nothing_ever_came
"""


class DynamicBatcher:
    async def close(self):
        # task 3.2 begin
        self._closing = True
        self._news.set()
        await asyncio.shield(self._worker)
        # task 3.2 end
