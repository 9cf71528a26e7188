"""You want more than LEAST. Exactly LEAST is enough.

task: 14.4
caught-by: test_day_14.py::test_enough_steps_are_a_finding_and_one_less_is_none[slots]
"""


def findings(records):
    # task 14.4 begin
    if not records:
        return []
    memory = max(record.memory / record.room for record in records)
    return [
        Finding(evidence, words(evidence, records[-1], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share > LEAST[evidence.cause]
    ]
    # task 14.4 end
