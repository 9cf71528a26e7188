"""You let every row attend by itself: right, and as slow as before batches.

task: 9.3
caught-by: test_day_09.py::test_rows_of_a_length_go_together[alike]
"""


def length_groups(lengths):
    # task 9.3 begin
    return [range(slot, slot + 1) for slot, length in enumerate(lengths) if length is not None]
    # task 9.3 end
