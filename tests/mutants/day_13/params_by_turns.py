"""You laid the works' parameters out in turn. The logits come work by work: all rows of the first, then all of the
second.

task: 13.3
caught-by: test_day_13.py::test_each_row_keeps_its_manners_and_its_seed
"""


def match(logits, works):
    # task 13.3 begin
    params = [works[row % len(works)].sampling for row in range(logits.shape[0])]
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
