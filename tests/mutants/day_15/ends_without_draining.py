"""You end at once. Those who were nearly done get an error.

task: 15.5
caught-by: test_day_15.py::test_draining_waits_for_those_who_are_served
"""


class Life:
    async def drain(self, seconds):
        # task 15.5 begin
        if not self._draining:
            self._draining = True
        self.end()
        # task 15.5 end
