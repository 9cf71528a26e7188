"""You sort by share. A share of steps and one of guesses can't be compared; the order is that of the causes.

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
        for evidence in sorted(measure(records), key=lambda each: -each.share)
        if evidence.of and evidence.share >= LEAST[evidence.cause]
    ]
    # task 14.4 end
