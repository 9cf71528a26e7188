"""You returned nothing in the place of the refused guess. The model has said there what comes: each step brings at
least one token.

task: 13.4
caught-by: test_day_13.py::test_every_place_has_numbers_of_its_own
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return list(guesses[:place]) or [draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
