"""You drew the token after the guesses from the row of the last guess. There is one more row, for the place after it.

task: 13.4
caught-by: test_day_13.py::test_behind_accepted_guesses_one_more_is_drawn_from_the_target
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[max(0, len(guesses) - 1)], draws[len(guesses)][1])]
    # task 13.4 end
