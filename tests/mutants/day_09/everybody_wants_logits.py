"""You took the logits of each request's last token, even of a chunk that is not its prompt's last.

task: 9.2
caught-by: test_day_09.py::test_only_the_wanted_places_pay_for_the_vocabulary
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
        wanted.append(len(tokens) - 1)
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
