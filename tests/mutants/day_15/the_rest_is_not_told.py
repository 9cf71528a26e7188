"""After the deadline you return, and tell the rest nothing.

task: 15.5
caught-by: test_day_15.py::test_draining_waits_for_those_who_are_served
"""


class Life:
    async def drain(self, seconds):
        # task 15.5 begin
        if not self._draining:
            self._draining = True
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.bridge.quiet()
        # task 15.5 end
