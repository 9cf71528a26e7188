"""Your reader polls every few milliseconds. With a thousand readers, the loop does nothing else.

task: 15.1
caught-by: test_day_15.py::test_a_reader_who_waits_does_nothing
"""


class EventStream:
    async def __anext__(self):
        # task 15.1 begin
        while not self._unread:
            if self._ended:
                raise self._error or StopAsyncIteration
            await asyncio.sleep(0.003)
        return self._unread.popleft()
        # task 15.1 end
