"""You went on with the next guess where one was refused. It was guessed after a token that is not there.

task: 13.4
caught-by: test_day_13.py::test_every_place_has_numbers_of_its_own
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    kept = []
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            kept.append(draw(residual(target[place], draft[place]), choosing))
        else:
            kept.append(guess)
    return [*kept, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
