"""You wrote block by block: thirty layers with eight blocks make hundreds of small writes.

task: 11.5
caught-by: test_day_11.py::test_what_stands_side_by_side_is_written_at_once
"""


def _runs(copies, size):
    # task 11.5 begin
    return [(mx.array([copy.block]), copy.slot, copy.start, copy.start + size) for copy in copies]
    # task 11.5 end
