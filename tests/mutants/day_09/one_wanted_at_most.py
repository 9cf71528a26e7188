"""You took one place of each request that wants any: a request that wants three gets one.

task: 9.2
caught-by: test_day_09.py::test_more_than_one_place_may_be_wanted
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
        positions += range(work.start, work.start + len(work.tokens))
        slots += [work.slot] * len(work.tokens)
        wanted += [len(tokens) - 1] * bool(work.wanted)
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
