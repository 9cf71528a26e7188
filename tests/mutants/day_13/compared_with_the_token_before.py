"""You compared each guess with what the model said after it. What it says in the place of a guess are the logits of
the token before.

task: 13.3
caught-by: test_day_13.py::test_guesses_count_until_the_first_wrong_one[all-right]
"""


def match(logits, works):
    # task 13.3 begin
    params = [work.sampling for work in works for _ in range(work.wanted)]
    positions: list[int] = []
    for work in works:
        stop = work.start + len(work.tokens) + 1
        positions += range(stop - work.wanted, stop)
    chosen = iter(cast(list[int], sample_batch(logits, params, positions).tolist()))
    found = []
    for work in works:
        mine = [next(chosen) for _ in range(work.wanted)]
        found.append(mine[: came_true(guesses_of(work), mine[1:]) + 1])
    return found
    # task 13.3 end
