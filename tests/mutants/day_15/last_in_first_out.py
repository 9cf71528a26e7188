"""You read the newest event first. Text must come in the order in which it was made.

task: 15.1
caught-by: test_day_15.py::test_events_are_read_in_the_order_in_which_they_were_put
"""


class EventStream:
    async def __anext__(self):
        # task 15.1 begin
        while not self._unread:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unread.pop()
        # task 15.1 end
