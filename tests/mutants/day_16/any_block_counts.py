"""You counted all blocks that are stored: those after a missing one are of no use.

task: 16.4
caught-by: test_day_16.py::test_blocks_behind_a_missing_one_are_no_use[a-gap]
"""


def stored(ask, report):
    # task 16.4 begin
    for count, name in enumerate(ask.prefix):
        if name not in report.prefixes:
            return sum(each in report.prefixes for each in ask.prefix)
    return len(ask.prefix)
    # task 16.4 end
