"""Where you refuse a guess you draw from the target without that token. Other tokens may have been said too often as
well.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[reversed]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            others = target[place].copy()
            others[guess] = 0.0
            return [*guesses[:place], draw(others, choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
