"""You begin with the fewest slots and the fewest tokens. There, a TPOT that is kept rules nothing out: you don't know
whether to try more slots or more tokens.

task: 14.5
caught-by: test_day_14.py::test_the_walk_along_the_border
"""


def search(measure, slots, tokens, blocks, objective):
    # task 14.5 begin
    for name, values in (("slots", slots), ("tokens", tokens), ("blocks", blocks)):
        if not values or list(values) != sorted(set(values)):
            raise ValueError(f"{name} is {list(values)}: give at least one number, and in rising order")
    block, found = blocks[len(blocks) // 2], list[Point]()
    row, column = 0, 0
    while row < len(slots) and column >= 0 and slots[row] <= tokens[column]:
        found.append(measure(Setting(slots[row], tokens[column], block)))
        if found[-1].tpot <= objective.tpot:
            row += 1
        else:
            break
    try:
        best = best_under(found, objective)
    except ValueError:
        return found
    return found + [measure(replace(best.setting, block=size)) for size in blocks if size != block]
    # task 14.5 end
