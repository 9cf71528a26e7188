"""You returned from close before the last caller had an answer.

task: 3.2
caught-by: test_day_03.py::test_close_returns_after_the_last_answer
"""


class DynamicBatcher:
    async def close(self):
        # task 3.2 begin
        self._closing = True
        self._news.set()
        # task 3.2 end
