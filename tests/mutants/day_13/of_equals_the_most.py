"""You took the most guesses of equally good numbers. They bring nothing: take the fewest.

task: 13.6
caught-by: test_day_13.py::test_of_equally_good_numbers_the_fewest
"""


def best_guesses(shape, hardware, batch, context, acceptance, *, most=16, draft_seconds=0.0):
    # task 13.6 begin
    def speed(guesses):
        seconds = verify_seconds(shape, hardware, batch, context, guesses) + guesses * draft_seconds
        return expected_tokens(acceptance, guesses) / seconds

    return max(range(most, -1, -1), key=speed)
    # task 13.6 end
