"""You let a state follow itself. Finishing or starting twice is a mistake in the caller's code, and this hides it.

task: 4.1
caught-by: test_day_04.py::test_an_illegal_step_is_refused_and_changes_nothing[finished-finished]
"""


def successors(state):
    # task 4.1 begin
    waiting, prefilling, decoding, finished = RequestState
    table = {
        waiting: {prefilling, finished},
        prefilling: {decoding, waiting, finished},
        decoding: {waiting, finished},
        finished: set[RequestState](),
    }
    return frozenset(table[state] | {state})
    # task 4.1 end
