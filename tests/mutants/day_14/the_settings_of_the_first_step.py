"""You name the settings of the first step. They may have been changed since.

task: 14.4
caught-by: test_day_14.py::test_words_hear_of_the_last_step_and_of_the_fullest
"""


def findings(records):
    # task 14.4 begin
    if not records:
        return []
    memory = max(record.memory / record.room for record in records)
    return [
        Finding(evidence, words(evidence, records[0], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share >= LEAST[evidence.cause]
    ]
    # task 14.4 end
