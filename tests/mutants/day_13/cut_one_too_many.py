"""You cut off the request's own token with the guesses.

task: 13.2
caught-by: test_day_13.py::test_work_without_its_guesses
"""


def without_guesses(work):
    # task 13.2 begin
    return work._replace(tokens=work.tokens[: len(work.tokens) - work.wanted], wanted=1) if work.wanted else work
    # task 13.2 end
