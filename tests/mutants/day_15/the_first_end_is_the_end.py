"""You stop when the first stream ends. The others' choices are not whole.

task: 15.6
caught-by: test_day_15.py::test_nothing_is_lost_or_doubled_by_merging
"""


async def merged(streams):
    # task 15.6 begin
    reading = {asyncio.ensure_future(_next(stream)): number for number, stream in enumerate(streams)}
    try:
        while reading:
            done, _ = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=lambda task: reading[task]):
                number, event = reading.pop(task), task.result()
                if event is None:
                    return
                if event is not None:
                    yield number, event
                    reading[asyncio.ensure_future(_next(streams[number]))] = number
    finally:
        for task in reading:
            task.cancel()
            task.add_done_callback(lambda task: task.cancelled() or task.exception())  # heard, if nobody else does
    # task 15.6 end
