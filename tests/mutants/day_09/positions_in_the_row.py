"""You counted positions through the packed row: each request seems to continue its neighbour.

task: 9.2
caught-by: test_day_09.py::test_tokens_stand_end_to_end
"""


def pack(plan):
    # task 9.2 begin
    rows = sorted((work for work in plan.work if len(work.tokens) == 1), key=lambda work: work.slot)
    segments = [work for work in plan.work if len(work.tokens) > 1]
    tokens: list[int] = []
    positions: list[int] = []
    slots: list[int] = []
    firsts: list[int] = []
    wanted: list[int] = []
    for work in [*rows, *segments]:
        firsts.append(len(tokens))
        tokens += work.tokens
        positions += range(len(positions), len(positions) + len(work.tokens))
        slots += [work.slot] * len(work.tokens)
        wanted += range(len(tokens) - work.wanted, len(tokens))
    return Packed(
        mx.array(tokens, dtype=mx.int32),
        mx.array(positions, dtype=mx.int32),
        mx.array(slots, dtype=mx.int32),
        tuple(rows),
        tuple(segments),
        tuple(firsts[len(rows) :]),
        mx.array(wanted, dtype=mx.int32),
    )
    # task 9.2 end
