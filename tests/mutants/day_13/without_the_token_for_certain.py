"""You forgot the one token that a step makes in any case.

task: 13.6
caught-by: test_day_13.py::test_how_many_tokens_a_step_makes[0.5-1-1.5]
"""


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    return sum(acceptance ** behind for behind in range(1, guesses + 1))
    # task 13.6 end
