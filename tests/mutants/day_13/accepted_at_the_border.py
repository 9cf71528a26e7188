"""You accepted a guess when the number is exactly target / draft. Then, at the number 0, a guess that the target
never says is accepted.

task: 13.4
caught-by: test_day_13.py::test_what_the_target_never_says_is_never_accepted
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] > target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
