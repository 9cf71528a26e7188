"""You drew from the first place's residual wherever the refusal was. Each place has a target and a draft of its own.

task: 13.4
caught-by: test_day_13.py::test_pairs_of_tokens_are_distributed_as_the_target_says[2]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(residual(target[0], draft[0]), choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
