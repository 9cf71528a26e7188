"""You returned the right guesses only. After the last one, the model has said one more token, for free.

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
        right = came_true(guesses_of(work), mine)
        found.append(mine[: right + 1] if right < work.wanted - 1 or right == 0 else mine[:right])
    return found
    # task 13.3 end
