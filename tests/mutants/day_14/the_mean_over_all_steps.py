"""You take the mean of those waiting over all steps. The number is to say what it was like in those steps.

task: 14.4
caught-by: test_day_14.py::test_who_waits_is_counted_where_they_wait[slots]
"""


def _waits(cause, records):
    # task 14.4 begin
    hit = [record for record in records if cause_of(record) is cause]
    if not hit:
        return Evidence(cause, 0.0, len(records))
    waiting = sum(record.waiting for record in records) / len(records)
    who = ""
    if cause is Cause.LONG_PROMPT:
        who = Counter(_longest(record) for record in hit).most_common(1)[0][0]
    return Evidence(cause, len(hit) / len(records), len(records), waiting, who)
    # task 14.4 end
