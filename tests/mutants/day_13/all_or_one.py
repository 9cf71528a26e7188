"""You counted guesses only if all of them come true.

task: 13.6
caught-by: test_day_13.py::test_how_many_tokens_a_step_makes[0.5-3-1.875]
"""


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    return 1 + guesses * acceptance ** guesses
    # task 13.6 end
