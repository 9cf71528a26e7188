"""You left out the mask of a group: short rows read what others left after their end.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[rows]
"""


def rows_part(packed, group):
    # task 9.3 begin
    row_of = {work.slot: row for row, work in enumerate(packed.rows) if work.slot in group}
    lengths = [packed.rows[row_of[slot]].start + 1 if slot in row_of else 1 for slot in group]
    longest, first = max(lengths), row_of[group[0]]
    mask = None
    where = (slice(group.start, group.stop), longest, mask)
    if len(row_of) == len(group):
        return Part(slice(first, first + len(group)), (len(group), 1), *where)
    tokens = mx.array([row_of.get(slot, first) for slot in group])
    keep = mx.array([place for place, slot in enumerate(group) if slot in row_of])
    return Part(tokens, (len(group), 1), *where, keep)
    # task 9.3 end
