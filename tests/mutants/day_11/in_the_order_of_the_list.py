"""You took blocks by their place in the list of copies, not by their number.

task: 11.5
caught-by: test_day_11.py::test_blocks_come_into_slots[one-block]
"""


def _runs(copies, size):
    # task 11.5 begin
    runs = []
    # Side by side in a slot, all of them have the same distance between their place in the list and in the slot.
    for (slot, _), group in groupby(enumerate(copies), key=lambda at: (at[1].slot, at[1].start - at[0] * size)):
        blocks = [copy for _, copy in group]
        runs.append((mx.arange(len(blocks)), slot, blocks[0].start, blocks[-1].start + size))
    return runs
    # task 11.5 end
