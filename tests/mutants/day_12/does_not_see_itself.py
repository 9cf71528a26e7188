"""You hid the last position from rows: each sees what it has just written.

task: 12.4
caught-by: test_day_12.py::test_rows_read_as_if_their_keys_lay_in_one_piece[unequal-lengths]
"""


def gathering_reader(tables, lengths, size):
    # task 12.4 begin
    longest = max(lengths)
    width = -(-longest // size)
    numbers = mx.array([[*table[:width], *[table[0]] * (width - len(table))] for table in tables])
    mask = (
        mx.arange(1, longest + 1)[None, None] < mx.array([*lengths])[:, None, None] if min(lengths) < longest else None
    )

    def decode(q: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        theirs, said = (gather(each, numbers)[:, :, :longest] for each in (keys, values))
        return attention(q[:, None], theirs, said, mask)[:, 0]

    return decode
    # task 12.4 end
