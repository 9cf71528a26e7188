"""You give the number of steps, and not their share.

task: 14.4
caught-by: test_day_14.py::test_who_waits_is_counted_where_they_wait[memory]
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
    return Evidence(cause, float(len(hit)), len(records), waiting, who)
    # task 14.4 end
