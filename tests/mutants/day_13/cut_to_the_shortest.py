"""You cut every row to as many tokens as the row with the fewest. Rows of a batch go on at their own pace.

task: 13.3
caught-by: test_day_13.py::test_rows_with_and_without_guesses_in_one_batch
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
        found.append(mine[: came_true(guesses_of(work), mine) + 1])
    fewest = min(map(len, found))
    return [tokens[:fewest] for tokens in found]
    # task 13.3 end
