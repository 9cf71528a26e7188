"""In your table a request in the queue can't finish. Its caller may give up before it ever ran.

task: 4.1
caught-by: test_day_04.py::test_the_table_says_what_may_follow[waiting]
"""


def successors(state):
    # task 4.1 begin
    waiting, prefilling, decoding, finished = RequestState
    table = {
        waiting: {prefilling},
        prefilling: {decoding, waiting, finished},
        decoding: {waiting, finished},
        finished: set[RequestState](),
    }
    return frozenset(table[state])
    # task 4.1 end
