"""When the reader goes, you leave the tasks that wait for an event. They wait forever.

task: 15.6
caught-by: test_day_15.py::test_merging_leaves_no_task_behind[error]
"""


async def merged(streams):
    # task 15.6 begin
    reading = {asyncio.ensure_future(_next(stream)): number for number, stream in enumerate(streams)}
    try:
        while reading:
            done, _ = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=lambda task: reading[task]):
                number, event = reading.pop(task), task.result()
                if event is not None:
                    yield number, event
                    reading[asyncio.ensure_future(_next(streams[number]))] = number
    finally:
        reading.clear()
    # task 15.6 end
