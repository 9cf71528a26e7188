"""Your drain has no deadline. One long answer, and the server never ends.

task: 15.5
caught-by: test_day_15.py::test_draining_waits_for_those_who_are_served[too-long]
"""


class Life:
    async def drain(self, seconds):
        # task 15.5 begin
        if not self._draining:
            self._draining = True
            await self.bridge.quiet()
        self.end()
        # task 15.5 end
