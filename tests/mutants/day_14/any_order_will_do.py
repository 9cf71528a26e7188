"""You take numbers in any order. The walk relies on their rising, and would miss the best without a word.

task: 14.5
caught-by: test_day_14.py::test_a_search_wants_rising_numbers[slots1-tokens1-blocks1]
"""


def search(measure, slots, tokens, blocks, objective):
    # task 14.5 begin
    for name, values in (("slots", slots), ("tokens", tokens), ("blocks", blocks)):
        if not values:
            raise ValueError(f"{name} is {list(values)}: give at least one number, and in rising order")
    block, found = blocks[len(blocks) // 2], list[Point]()
    row, column = 0, len(tokens) - 1
    while row < len(slots) and column >= 0 and slots[row] <= tokens[column]:
        found.append(measure(Setting(slots[row], tokens[column], block)))
        if found[-1].tpot <= objective.tpot:
            row += 1
        else:
            column -= 1
    try:
        best = best_under(found, objective)
    except ValueError:
        return found
    return found + [measure(replace(best.setting, block=size)) for size in blocks if size != block]
    # task 14.5 end
