"""You chose with the number that had refused the guess. It is never small then, so the first tokens come too seldom.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[reversed]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[place], draft[place]), accepting)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
