"""Work that wants nothing, a chunk of a prompt, is not its prompt's last. You treated it as the last.

task: 13.2
caught-by: test_day_13.py::test_work_without_its_guesses
"""


def without_guesses(work):
    # task 13.2 begin
    guesses = max(0, work.wanted - 1)
    return work._replace(tokens=work.tokens[: len(work.tokens) - guesses], wanted=1)
    # task 13.2 end
