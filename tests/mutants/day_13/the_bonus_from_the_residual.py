"""You drew the token after accepted guesses from a residual. Nothing was guessed there: it is the target's alone.

task: 13.4
caught-by: test_day_13.py::test_behind_accepted_guesses_one_more_is_drawn_from_the_target
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    last = len(guesses)
    shares = residual(target[last], draft[last - 1]) if last else target[0]
    return [*guesses, draw(shares, draws[last][1])]
    # task 13.4 end
