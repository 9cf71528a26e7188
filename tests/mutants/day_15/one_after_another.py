"""You read one stream to its end and then the next. The second choice piles up in its stream meanwhile, and is cut off.

task: 15.6
caught-by: test_day_15.py::test_streams_are_merged_as_their_events_come
"""


async def merged(streams):
    # task 15.6 begin
    for number, stream in enumerate(streams):
        async for event in stream:
            yield number, event
    # task 15.6 end
