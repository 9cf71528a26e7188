"""You did not check that the table is long enough, and say nothing about the request that lacks a page.

task: 12.4
caught-by: test_day_12.py::test_a_table_that_is_too_short
"""


def places(packed, tables, size):
    # task 12.4 begin
    pages: list[int] = []
    offsets: list[int] = []
    for work in [*packed.rows, *packed.segments]:
        table, stop = tables[work.request_id], work.start + len(work.tokens)
        pages += [table[position // size] for position in range(work.start, stop)]
        offsets += [position % size for position in range(work.start, stop)]
    return mx.array(pages, dtype=mx.int32), mx.array(offsets, dtype=mx.int32)
    # task 12.4 end
