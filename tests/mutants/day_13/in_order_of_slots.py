"""You read the logits in the order of the slots. They come in the order of the works.

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
    found = {}
    for work in sorted(works, key=lambda each: each.slot):
        mine = [next(chosen) for _ in range(work.wanted)]
        found[work.slot] = mine[: came_true(guesses_of(work), mine) + 1]
    return [found[work.slot] for work in works]
    # task 13.3 end
