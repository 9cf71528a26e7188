"""You accepted with the second number and chose with the first.

task: 13.4
caught-by: test_day_13.py::test_every_place_has_numbers_of_its_own
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        choosing, accepting = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
