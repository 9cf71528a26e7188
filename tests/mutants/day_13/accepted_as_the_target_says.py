"""You accepted a guess with the target's probability. The draft has drawn it already: accept with target / draft.

task: 13.4
caught-by: test_day_13.py::test_a_guess_is_accepted_as_often_as_can_be[equal]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
