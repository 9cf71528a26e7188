"""You used the first place's numbers at every place. So the second guess is accepted whenever the first is as likely.

task: 13.4
caught-by: test_day_13.py::test_every_place_has_numbers_of_its_own
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[0]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
