"""Where you refuse a guess you draw from the whole target. What it shares with the draft was accepted already: draw from
the residual.

task: 13.4
caught-by: test_day_13.py::test_pairs_of_tokens_are_distributed_as_the_target_says[2]
"""


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    for place, guess in enumerate(guesses):
        accepting, choosing = draws[place]
        if accepting * draft[place, guess] >= target[place, guess]:
            return [*guesses[:place], draw(target[place], choosing)]
    return [*guesses, draw(target[len(guesses)], draws[len(guesses)][1])]
    # task 13.4 end
