"""You read before the step's keys were stored: every token is blind to itself.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[rows]
"""


def packed_attend(packed, caches):
    # task 9.3 begin
    starts = {work.slot: work.start for work in packed.rows}
    groups = length_groups([starts[slot] + 1 if slot in starts else None for slot in range(len(caches[0].keys))])
    parts = [rows_part(packed, group) for group in groups]
    parts += [segment_part(packed, number) for number in range(len(packed.segments))]

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        out = mx.concatenate([read(part, q, caches[layer]) for part in parts])
        mx.eval(out)
        caches[layer].write(packed, k, v)
        return out

    return attend
    # task 9.3 end
