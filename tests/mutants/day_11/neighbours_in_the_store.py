"""You joined blocks whose numbers follow each other. Where they lie in the store does not count: their places in the
slot do.

task: 11.5
caught-by: test_day_11.py::test_what_stands_side_by_side_is_written_at_once
"""


def _runs(copies, size):
    # task 11.5 begin
    runs = []
    for copy in copies:
        if runs and runs[-1][1] == copy.slot and runs[-1][0][-1] + 1 == copy.block:
            numbers, slot, start, _ = runs[-1]
            runs[-1] = ([*numbers, copy.block], slot, start, copy.start + size)
        else:
            runs.append(([copy.block], copy.slot, copy.start, copy.start + size))
    return [(mx.array(numbers), slot, start, stop) for numbers, slot, start, stop in runs]
    # task 11.5 end
