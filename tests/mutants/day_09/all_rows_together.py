"""You let all rows attend together: a short row pays for the longest.

task: 9.3
caught-by: test_day_09.py::test_rows_of_a_length_go_together[two-kinds]
"""


def length_groups(lengths):
    # task 9.3 begin
    live = [slot for slot, length in enumerate(lengths) if length is not None]
    return [range(live[0], live[-1] + 1)] if live else []
    # task 9.3 end
