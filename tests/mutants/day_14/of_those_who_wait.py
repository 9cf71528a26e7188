"""You take the share of the steps in which a request waits. One such step in a thousand then reads as 100%.

task: 14.4
caught-by: test_day_14.py::test_who_waits_is_counted_where_they_wait[budget]
"""


def _waits(cause, records):
    # task 14.4 begin
    hit = [record for record in records if cause_of(record) is cause]
    if not hit:
        return Evidence(cause, 0.0, len(records))
    waiting = sum(record.waiting for record in hit) / len(hit)
    who = ""
    if cause is Cause.LONG_PROMPT:
        who = Counter(_longest(record) for record in hit).most_common(1)[0][0]
    some = sum(bool(record.waiting) for record in records)
    return Evidence(cause, len(hit) / some, some, waiting, who)
    # task 14.4 end
