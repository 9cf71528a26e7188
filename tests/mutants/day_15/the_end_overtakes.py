"""You look for the end before you look at what lies there. The end comes after the events that were put before it.

task: 15.1
caught-by: test_day_15.py::test_an_end_comes_behind_what_lies_there_and_stays[error]
"""


class EventStream:
    async def __anext__(self):
        # task 15.1 begin
        while not self._unread or self._ended:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()
        # task 15.1 end
