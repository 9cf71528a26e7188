"""You name the request of the first such step, though another one filled more of them.

task: 14.4
caught-by: test_day_14.py::test_who_the_long_prompt_is
"""


def _waits(cause, records):
    # task 14.4 begin
    hit = [record for record in records if cause_of(record) is cause]
    if not hit:
        return Evidence(cause, 0.0, len(records))
    waiting = sum(record.waiting for record in hit) / len(hit)
    who = ""
    if cause is Cause.LONG_PROMPT:
        who = _longest(hit[-1])
    return Evidence(cause, len(hit) / len(records), len(records), waiting, who)
    # task 14.4 end
