"""You gave rows the first tables of the plan: they belong to others if a segment stands before them.

task: 12.4
caught-by: test_day_12.py::test_rows_and_segments_in_one_step
"""


def paged_attend(packed, tables, caches, reader):
    # task 12.4 begin
    size = caches[0].block_size
    pages, offsets = places(packed, tables, size)
    rows = len(packed.rows)
    mine = list(tables.values())[:rows]
    decode = reader(mine, [work.start + 1 for work in packed.rows], size) if rows else None
    segments = []
    for work, first in zip(packed.segments, packed.firsts, strict=True):
        stop = work.start + len(work.tokens)
        mask = mx.arange(stop)[None] <= mx.arange(work.start, stop)[:, None]
        numbers = mx.array([tables[work.request_id][: -(-stop // size)]])
        segments.append((slice(first, first + len(work.tokens)), numbers, stop, mask))

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        cache = caches[layer]
        cache.write(pages, offsets, k, v)
        out = [decode(q[:rows], cache.keys, cache.values)] if decode is not None else []
        for tokens, numbers, stop, mask in segments:
            keys, values = (gather(each, numbers)[:, :, :stop] for each in (cache.keys, cache.values))
            out.append(attention(q[tokens][None], keys, values, mask)[0])
        return mx.concatenate(out)

    return attend
    # task 12.4 end
