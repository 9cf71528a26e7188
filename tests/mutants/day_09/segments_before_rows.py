"""You put the segments' answers before the rows'.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[mixed]
"""


def packed_attend(packed, caches):
    # task 9.3 begin
    starts = {work.slot: work.start for work in packed.rows}
    groups = length_groups([starts[slot] + 1 if slot in starts else None for slot in range(len(caches[0].keys))])
    parts = [segment_part(packed, number) for number in range(len(packed.segments))]
    parts += [rows_part(packed, group) for group in groups]

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        caches[layer].write(packed, k, v)
        return mx.concatenate([read(part, q, caches[layer]) for part in parts])

    return attend
    # task 9.3 end
