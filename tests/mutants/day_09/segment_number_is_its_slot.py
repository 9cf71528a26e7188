"""You took the number of a segment for its slot.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[mixed]
"""


def segment_part(packed, number):
    # task 9.3 begin
    work, first = packed.segments[number], packed.firsts[number]
    length, stop = len(work.tokens), work.start + len(work.tokens)
    mask = mx.arange(stop)[None] <= mx.arange(work.start, stop)[:, None]
    return Part(slice(first, first + length), (1, length), slice(number, number + 1), stop, mask)
    # task 9.3 end
