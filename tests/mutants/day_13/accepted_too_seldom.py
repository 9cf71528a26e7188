"""You accepted with draft / target: where the target has less of a token, it must be refused sometimes.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[the-draft-says-too-much]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * target[place, guess] >= draft[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
