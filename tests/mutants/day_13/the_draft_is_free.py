"""You forgot what the draft costs.

task: 13.6
caught-by: test_day_13.py::test_what_the_draft_costs_counts
"""


def best_guesses(shape, hardware, batch, context, acceptance, *, most=16, draft_seconds=0.0):
    # task 13.6 begin
    def speed(guesses):
        seconds = verify_seconds(shape, hardware, batch, context, guesses)
        return expected_tokens(acceptance, guesses) / seconds

    return max(range(most + 1), key=speed)
    # task 13.6 end
