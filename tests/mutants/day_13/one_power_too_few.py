"""You stopped a power too early: with k guesses there are k + 1 terms, from acceptance⁰ to acceptanceᵏ.

task: 13.6
caught-by: test_day_13.py::test_how_many_tokens_a_step_makes[0.5-1-1.5]
"""


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    return sum(acceptance ** behind for behind in range(guesses)) or 1.0
    # task 13.6 end
