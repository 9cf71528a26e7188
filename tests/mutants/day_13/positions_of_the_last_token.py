"""You gave all of a row's tokens the position after its last guess, as Day 9 does for its one token.

task: 13.3
caught-by: test_day_13.py::test_a_row_chooses_as_it_would_without_guesses[hot]
"""


def match(logits, works):
    # task 13.3 begin
    params = [work.sampling for work in works for _ in range(work.wanted)]
    positions: list[int] = []
    for work in works:
        stop = work.start + len(work.tokens) + 1
        positions += [stop - 1] * work.wanted
    chosen = iter(cast(list[int], sample_batch(logits, params, positions).tolist()))
    found = []
    for work in works:
        mine = [next(chosen) for _ in range(work.wanted)]
        found.append(mine[: came_true(guesses_of(work), mine) + 1])
    return found
    # task 13.3 end
