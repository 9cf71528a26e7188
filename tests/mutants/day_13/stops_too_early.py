"""You looked for the shortest step.

task: 13.6
caught-by: test_day_13.py::test_no_more_guesses_than_most[7]
"""


def best_guesses(shape, hardware, batch, context, acceptance, *, most=16, draft_seconds=0.0):
    # task 13.6 begin
    def speed(guesses):
        seconds = verify_seconds(shape, hardware, batch, context, guesses) + guesses * draft_seconds
        return expected_tokens(acceptance, guesses) / seconds

    return min(range(most + 1), key=lambda guesses: verify_seconds(shape, hardware, batch, context, guesses))
    # task 13.6 end
