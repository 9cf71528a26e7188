"""A second drain waits as the first one does. A caller who says it twice means now.

task: 15.5
caught-by: test_day_15.py::test_a_second_drain_ends_at_once
"""


class Life:
    async def drain(self, seconds):
        # task 15.5 begin
        self._draining = True
        if True:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.bridge.quiet()
        self.end()
        # task 15.5 end
