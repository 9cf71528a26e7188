"""Your reader just stops where the stream ended with an error. It takes half an answer for a whole one.

task: 15.1
caught-by: test_day_15.py::test_an_end_comes_behind_what_lies_there_and_stays[error]
"""


class EventStream:
    async def __anext__(self):
        # task 15.1 begin
        while not self._unread:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()
        # task 15.1 end
