"""In your table a request may decode without having read its prompt.

task: 4.1
caught-by: test_day_04.py::test_the_table_says_what_may_follow[waiting]
"""


def successors(state):
    # task 4.1 begin
    waiting, prefilling, decoding, finished = RequestState
    table = {
        waiting: {prefilling, decoding, finished},
        prefilling: {decoding, waiting, finished},
        decoding: {waiting, finished},
        finished: set[RequestState](),
    }
    return frozenset(table[state])
    # task 4.1 end
