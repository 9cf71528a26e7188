"""In your table a running request can't be sent back to the queue: to free its memory, its work must then be thrown away
for good.

task: 4.1
caught-by: test_day_04.py::test_the_table_says_what_may_follow[decoding]
"""


def successors(state):
    # task 4.1 begin
    waiting, prefilling, decoding, finished = RequestState
    table = {
        waiting: {prefilling, finished},
        prefilling: {decoding, finished},
        decoding: {finished},
        finished: set[RequestState](),
    }
    return frozenset(table[state])
    # task 4.1 end
