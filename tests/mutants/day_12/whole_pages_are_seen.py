"""You let rows see their pages to the end: after the last token there is nothing yet, or what another has left.

task: 12.4
caught-by: test_day_12.py::test_nobody_looks_behind_their_length
"""


def gathering_reader(tables, lengths, size):
    # task 12.4 begin
    longest = -(-max(lengths) // size) * size
    width = longest // size
    lengths = [-(-each // size) * size for each in lengths]
    numbers = mx.array([[*table[:width], *[table[0]] * (width - len(table))] for table in tables])
    mask = mx.arange(longest)[None, None] < mx.array([*lengths])[:, None, None] if min(lengths) < longest else None

    def decode(q: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        theirs, said = (gather(each, numbers)[:, :, :longest] for each in (keys, values))
        return attention(q[:, None], theirs, said, mask)[:, 0]

    return decode
    # task 12.4 end
