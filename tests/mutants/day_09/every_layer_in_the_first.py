"""You read and wrote the first layer's cache in all layers.

task: 9.3
caught-by: test_day_09.py::test_a_model_on_mixed_batches_answers_as_alone[8]
"""


def packed_attend(packed, caches):
    # task 9.3 begin
    starts = {work.slot: work.start for work in packed.rows}
    groups = length_groups([starts[slot] + 1 if slot in starts else None for slot in range(len(caches[0].keys))])
    parts = [rows_part(packed, group) for group in groups]
    parts += [segment_part(packed, number) for number in range(len(packed.segments))]

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        caches[0].write(packed, k, v)
        return mx.concatenate([read(part, q, caches[0]) for part in parts])

    return attend
    # task 9.3 end
