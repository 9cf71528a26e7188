"""You ended a run at every slot without a row: a gap of one costs less than a run.

task: 9.3
caught-by: test_day_09.py::test_rows_of_a_length_go_together[gaps]
"""


def length_groups(lengths):
    # task 9.3 begin
    live = [(slot, length) for slot, length in enumerate(lengths) if length is not None]
    cheapest = [(0, 0)]  # of the first n rows: (the least cost, with which row their last run begins)
    for stop, (last, _) in enumerate(live):
        longest, offers = 0, []
        for begin in range(stop, -1, -1):
            first, length = live[begin]
            longest = max(longest, length)
            if last - first > stop - begin:
                break
            offers.append((cheapest[begin][0] + GROUP_COST + (last - first + 1) * longest, begin))
        cheapest.append(min(offers))
    groups: list[range] = []
    end = len(live)
    while end:
        begin = cheapest[end][1]
        groups.append(range(live[begin][0], live[end - 1][0] + 1))
        end = begin
    return groups[::-1]
    # task 9.3 end
