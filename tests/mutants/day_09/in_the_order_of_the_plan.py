"""You packed rows in the order of the plan, not of the slots: neighbours in the row are no neighbours in the cache.

task: 9.2
caught-by: test_day_09.py::test_tokens_stand_end_to_end
"""


def pack(plan):
    # task 9.2 begin
    rows = [work for work in plan.work if len(work.tokens) == 1]
    segments = [work for work in plan.work if len(work.tokens) > 1]
    tokens: list[int] = []
    positions: list[int] = []
    slots: list[int] = []
    firsts: list[int] = []
    wanted: list[int] = []
    for work in [*rows, *segments]:
        firsts.append(len(tokens))
        tokens += work.tokens
        positions += range(work.start, work.start + len(work.tokens))
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
