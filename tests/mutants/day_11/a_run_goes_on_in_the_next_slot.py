"""You joined blocks that follow each other, and did not check that they are in the same slot.

task: 11.5
caught-by: test_day_11.py::test_blocks_come_into_slots[side-by-side-in-two-slots]
"""


def _runs(copies, size):
    # task 11.5 begin
    runs = []
    for copy in copies:
        if runs and runs[-1][3] == copy.start:
            numbers, slot, start, _ = runs[-1]
            runs[-1] = ([*numbers, copy.block], slot, start, copy.start + size)
        else:
            runs.append(([copy.block], copy.slot, copy.start, copy.start + size))
    return [(mx.array(numbers), slot, start, stop) for numbers, slot, start, stop in runs]
    # task 11.5 end
