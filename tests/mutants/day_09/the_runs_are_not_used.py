"""You let all rows attend in one run, whatever `length_groups` says: the answers are right, and the shortest row reads as much as the longest.

task: 9.3
caught-by: test_day_09.py::test_nothing_is_read_behind_the_longest_row_of_a_run
"""


def packed_attend(packed, caches):
    # task 9.3 begin
    slots = [work.slot for work in packed.rows]
    groups = [range(min(slots), max(slots) + 1)] if slots else []
    parts = [rows_part(packed, group) for group in groups]
    parts += [segment_part(packed, number) for number in range(len(packed.segments))]

    def attend(layer, q, k, v):
        caches[layer].write(packed, k, v)
        return mx.concatenate([read(part, q, caches[layer]) for part in parts])

    return attend
    # task 9.3 end
