"""You wait for the next event of every stream before you hand one out. A choice that is quick waits for one that is in the queue.

task: 15.6
caught-by: test_day_15.py::test_streams_are_merged_as_their_events_come
"""


async def merged(streams):
    # task 15.6 begin
    reading = {asyncio.ensure_future(_next(stream)): number for number, stream in enumerate(streams)}
    try:
        while reading:
            done, _ = await asyncio.wait(reading, return_when=asyncio.ALL_COMPLETED)
            for task in sorted(done, key=lambda task: reading[task]):
                number, event = reading.pop(task), task.result()
                if event is not None:
                    yield number, event
                    reading[asyncio.ensure_future(_next(streams[number]))] = number
    finally:
        for task in reading:
            task.cancel()
            task.add_done_callback(lambda task: task.cancelled() or task.exception())  # heard, if nobody else does
    # task 15.6 end
