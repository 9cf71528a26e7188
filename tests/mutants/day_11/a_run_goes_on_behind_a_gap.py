"""You joined all blocks of a slot, with gaps between them.

task: 11.5
caught-by: test_day_11.py::test_blocks_come_into_slots[a-gap]
"""


def _runs(copies, size):
    # task 11.5 begin
    runs = []
    for slot, group in groupby(copies, key=lambda copy: copy.slot):
        blocks = list(group)
        start = blocks[0].start
        runs.append((mx.array([copy.block for copy in blocks]), slot, start, start + len(blocks) * size))
    return runs
    # task 11.5 end
