"""You took the most likely token where there are guesses to check. Guesses change nothing about how a request wants
its tokens chosen.

task: 13.3
caught-by: test_day_13.py::test_a_row_chooses_as_it_would_without_guesses[hot]
"""


def match(logits, works):
    # task 13.3 begin
    params = [type(work.sampling)() if work.wanted > 1 else work.sampling for work in works for _ in range(work.wanted)]
    positions: list[int] = []
    for work in works:
        stop = work.start + len(work.tokens) + 1
        positions += range(stop - work.wanted, stop)
    chosen = iter(cast(list[int], sample_batch(logits, params, positions).tolist()))
    found = []
    for work in works:
        mine = [next(chosen) for _ in range(work.wanted)]
        found.append(mine[: came_true(guesses_of(work), mine) + 1])
    return found
    # task 13.3 end
