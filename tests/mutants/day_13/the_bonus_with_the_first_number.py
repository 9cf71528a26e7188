"""You drew the last token with its place's first number. The second one chooses, even where nothing was to be
accepted.

task: 13.4
caught-by: test_day_13.py::test_without_guesses_one_token_is_drawn_from_the_target
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][0])]
    # task 13.4 end
