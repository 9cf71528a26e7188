"""You accepted only what the target finds most likely. That is right at temperature 0, and at no other.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[equal]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if guess != int(target[place].argmax()):
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
