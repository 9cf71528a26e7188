"""You cut wherever a row is twice as long as its neighbour: often right, and often not.

task: 9.3
caught-by: test_day_09.py::test_no_other_cut_costs_less
"""


def length_groups(lengths):
    # task 9.3 begin
    groups = []
    for slot, length in enumerate(lengths):
        if length is None:
            continue
        if groups and max(length, groups[-1][1]) < 2 * min(length, groups[-1][1]) + 300:
            groups[-1] = (range(groups[-1][0].start, slot + 1), max(length, groups[-1][1]))
        else:
            groups.append((range(slot, slot + 1), length))
    return [group for group, _ in groups]
    # task 9.3 end
