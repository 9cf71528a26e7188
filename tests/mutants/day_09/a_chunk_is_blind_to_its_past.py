"""You let a chunk look only at itself.

task: 9.3
caught-by: test_day_09.py::test_each_reads_what_it_would_read_alone[a-chunk]
"""


def segment_part(packed, number):
    # task 9.3 begin
    work, first = packed.segments[number], packed.firsts[number]
    length, stop = len(work.tokens), work.start + len(work.tokens)
    mask = (mx.arange(stop)[None] <= mx.arange(work.start, stop)[:, None]) & (mx.arange(stop)[None] >= work.start)
    return Part(slice(first, first + length), (1, length), slice(work.slot, work.slot + 1), stop, mask)
    # task 9.3 end
