"""You began to count after `start`, as if the work held nothing but one token and its guesses. A prompt's last piece
may stand before them.

task: 13.3
caught-by: test_day_13.py::test_each_token_is_drawn_at_the_position_where_it_will_stand[0-behind-a-prompt]
"""


def match(logits, works):
    # task 13.3 begin
    params = [work.sampling for work in works for _ in range(work.wanted)]
    positions: list[int] = []
    for work in works:
        stop = work.start + 1 + work.wanted
        positions += range(stop - work.wanted, stop)
    chosen = iter(cast(list[int], sample_batch(logits, params, positions).tolist()))
    found = []
    for work in works:
        mine = [next(chosen) for _ in range(work.wanted)]
        found.append(mine[: came_true(guesses_of(work), mine) + 1])
    return found
    # task 13.3 end
