"""You look at memory in the last step. It may have been full before.

task: 14.4
caught-by: test_day_14.py::test_words_hear_of_the_last_step_and_of_the_fullest
"""


def findings(records):
    # task 14.4 begin
    if not records:
        return []
    memory = records[-1].memory / records[-1].room
    return [
        Finding(evidence, words(evidence, records[-1], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share >= LEAST[evidence.cause]
    ]
    # task 14.4 end
