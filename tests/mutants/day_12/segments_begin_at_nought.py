"""You counted a request's positions from its first token in this step: they are written over its beginning.

task: 12.4
caught-by: test_day_12.py::test_where_each_token_goes
"""


def places(packed, tables, size):
    # task 12.4 begin
    pages: list[int] = []
    offsets: list[int] = []
    for work in [*packed.rows, *packed.segments]:
        table, stop = tables[work.request_id], work.start + len(work.tokens)
        if stop > len(table) * size:
            raise ValueError(f"{work.request_id} has {len(table)} pages of {size}: too few for {stop} positions")
        pages += [table[position // size] for position in range(len(work.tokens))]
        offsets += [position % size for position in range(len(work.tokens))]
    return mx.array(pages, dtype=mx.int32), mx.array(offsets, dtype=mx.int32)
    # task 12.4 end
