"""You have a task for each stream that reads into a queue. The queue has no bound, so no reader is ever too slow, and memory fills.

task: 15.6
caught-by: test_day_15.py::test_nobody_reads_ahead_of_the_reader[1]
"""


async def merged(streams):
    # task 15.6 begin
    found = asyncio.Queue()

    async def read(number, stream):
        try:
            async for event in stream:
                found.put_nowait((number, event))
        except Exception as error:
            found.put_nowait((number, error))
        else:
            found.put_nowait((number, None))

    tasks = [asyncio.ensure_future(read(number, stream)) for number, stream in enumerate(streams)]
    left = len(tasks)
    try:
        while left:
            number, event = await found.get()
            if isinstance(event, Exception):
                raise event
            if event is None:
                left -= 1
            else:
                yield number, event
    finally:
        for task in tasks:
            task.cancel()
    # task 15.6 end
