"""You let the tokens of a chunk see those after them.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[a-chunk]
"""


def segment_part(packed, number):
    # task 9.3 begin
    work, first = packed.segments[number], packed.firsts[number]
    length, stop = len(work.tokens), work.start + len(work.tokens)
    mask = None
    return Part(slice(first, first + length), (1, length), slice(work.slot, work.slot + 1), stop, mask)
    # task 9.3 end
