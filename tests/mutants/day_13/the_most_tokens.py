"""You looked for the most tokens per step. What counts is tokens a second: a step with more guesses may take longer.

task: 13.6
caught-by: test_day_13.py::test_as_many_guesses_as_are_free[0.95]
"""


def best_guesses(shape, hardware, batch, context, acceptance, *, most=16, draft_seconds=0.0):
    # task 13.6 begin
    def speed(guesses):
        seconds = verify_seconds(shape, hardware, batch, context, guesses) + guesses * draft_seconds
        return expected_tokens(acceptance, guesses) / 1.0

    return max(range(most + 1), key=speed)
    # task 13.6 end
