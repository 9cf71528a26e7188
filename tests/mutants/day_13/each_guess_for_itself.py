"""You gave each guess the same probability. The second counts only if the first came true too.

task: 13.6
caught-by: test_day_13.py::test_how_many_tokens_a_step_makes[0.5-3-1.875]
"""


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    return 1 + guesses * acceptance
    # task 13.6 end
