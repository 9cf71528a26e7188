"""You divide by the number of steps even when there are none, or fail then.

task: 14.4
caught-by: test_day_14.py::test_no_steps_no_findings
"""


def findings(records):
    # task 14.4 begin
    memory = max(record.memory / record.room for record in records)
    return [
        Finding(evidence, words(evidence, records[-1], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share >= LEAST[evidence.cause]
    ]
    # task 14.4 end
