"""You left the mask out: shorter rows look past their end.

task: 12.4
caught-by: test_day_12.py::test_rows_read_as_if_their_keys_lay_in_one_piece[unequal-lengths]
"""


def gathering_reader(tables, lengths, size):
    # task 12.4 begin
    longest = max(lengths)
    width = -(-longest // size)
    numbers = mx.array([[*table[:width], *[table[0]] * (width - len(table))] for table in tables])
    mask = None

    def decode(q: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        theirs, said = (gather(each, numbers)[:, :, :longest] for each in (keys, values))
        return attention(q[:, None], theirs, said, mask)[:, 0]

    return decode
    # task 12.4 end
