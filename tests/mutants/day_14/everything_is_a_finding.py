"""You report whatever is above 0: the one that matters is lost among nine.

task: 14.4
caught-by: test_day_14.py::test_enough_steps_are_a_finding_and_one_less_is_none[memory]
"""


def findings(records):
    # task 14.4 begin
    if not records:
        return []
    memory = max(record.memory / record.room for record in records)
    return [
        Finding(evidence, words(evidence, records[-1], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share > 0
    ]
    # task 14.4 end
