"""You kept what free slots have read: every row after them gets a neighbour's answer.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[rows-with-a-gap]
"""


def rows_part(packed, group):
    # task 9.3 begin
    row_of = {work.slot: row for row, work in enumerate(packed.rows) if work.slot in group}
    lengths = [packed.rows[row_of[slot]].start + 1 if slot in row_of else 1 for slot in group]
    longest, first = max(lengths), row_of[group[0]]
    mask = mx.arange(longest)[None, None] < mx.array(lengths)[:, None, None] if min(lengths) < longest else None
    where = (slice(group.start, group.stop), longest, mask)
    if len(row_of) == len(group):
        return Part(slice(first, first + len(group)), (len(group), 1), *where)
    tokens = mx.array([row_of.get(slot, first) for slot in group])
    keep = mx.array([place for place, slot in enumerate(group) if slot in row_of])
    return Part(tokens, (len(group), 1), *where)
    # task 9.3 end
