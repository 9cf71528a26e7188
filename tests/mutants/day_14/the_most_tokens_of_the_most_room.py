"""You divide the most tokens in use by the most room there was: they were of different steps.

task: 14.4
caught-by: test_day_14.py::test_words_hear_of_the_last_step_and_of_the_fullest
"""


def findings(records):
    # task 14.4 begin
    if not records:
        return []
    memory = max(record.memory for record in records) / max(record.room for record in records)
    return [
        Finding(evidence, words(evidence, records[-1], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share >= LEAST[evidence.cause]
    ]
    # task 14.4 end
