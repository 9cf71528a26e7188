"""You never clear the news. From the second event on, the reader does not wait but turns in circles, and nobody else gets a turn.

task: 15.1
caught-by: test_day_15.py::test_a_reader_waits_for_what_comes
"""


class EventStream:
    async def __anext__(self):
        # task 15.1 begin
        while not self._unread:
            if self._ended:
                raise self._error or StopAsyncIteration
            await self._news.wait()
            await asyncio.sleep(0)
        return self._unread.popleft()
        # task 15.1 end
