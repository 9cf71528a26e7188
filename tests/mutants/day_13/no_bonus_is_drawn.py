"""When all were accepted, you returned only the guesses. One more is known: draw it from the target's last row.

task: 13.4
caught-by: test_day_13.py::test_behind_accepted_guesses_one_more_is_drawn_from_the_target
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return list(guesses) or [draw(target[0], draws[0][1])]
    # task 13.4 end
