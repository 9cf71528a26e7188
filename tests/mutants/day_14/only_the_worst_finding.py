"""You return the first finding alone. The next may be just as true.

task: 14.4
caught-by: test_day_14.py::test_findings_come_in_the_order_of_the_causes
"""


def findings(records):
    # task 14.4 begin
    if not records:
        return []
    memory = max(record.memory / record.room for record in records)
    return [
        Finding(evidence, words(evidence, records[-1], memory))
        for evidence in measure(records)
        if evidence.of and evidence.share >= LEAST[evidence.cause]
    ][:1]
    # task 14.4 end
