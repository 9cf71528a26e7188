"""You divided by 1 − acceptance, which is 0 if every guess comes true.

task: 13.6
caught-by: test_day_13.py::test_how_many_tokens_a_step_makes[1.0-5-6.0]
"""


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    return (1 - acceptance ** (guesses + 1)) / (1 - acceptance)
    # task 13.6 end
