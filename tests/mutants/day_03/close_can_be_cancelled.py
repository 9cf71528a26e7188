"""You awaited the worker without a shield: a caller that gives up waiting for `close` cancels it, and the others are stranded.

task: 3.2
caught-by: test_day_03.py::test_who_gives_up_on_close_harms_nobody
"""


class DynamicBatcher:
    async def close(self):
        # task 3.2 begin
        self._closing = True
        self._news.set()
        if self._worker is not None:
            await self._worker
        # task 3.2 end
