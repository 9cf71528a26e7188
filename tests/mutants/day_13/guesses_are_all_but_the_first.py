"""You took all tokens of the work but the first for guesses. When a prompt's last piece stands before them, they are the
last `wanted` − 1.

task: 13.3
caught-by: test_day_13.py::test_tokens_before_the_guesses_are_no_guesses
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
        found.append(mine[: came_true(work.tokens[1:], mine) + 1])
    return found
    # task 13.3 end
