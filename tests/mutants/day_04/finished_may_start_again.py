"""In your table something may follow the end. There is exactly one end: starting again takes a new request.

task: 4.1
caught-by: test_day_04.py::test_the_table_says_what_may_follow[finished]
"""


def successors(state):
    # task 4.1 begin
    waiting, prefilling, decoding, finished = RequestState
    table = {
        waiting: {prefilling, finished},
        prefilling: {decoding, waiting, finished},
        decoding: {waiting, finished},
        finished: {waiting},
    }
    return frozenset(table[state])
    # task 4.1 end
