"""You take requests while you drain. It may never become quiet.

task: 15.5
caught-by: test_day_15.py::test_draining_waits_for_those_who_are_served[in-time]
"""


class Life:
    async def drain(self, seconds):
        # task 15.5 begin
        if not self._draining:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.bridge.quiet()
        self.end()
        # task 15.5 end
