"""You look for a cause though no request waits. A full step with an empty queue is what you want.

task: 14.4
caught-by: test_day_14.py::test_nobody_waits_for_nothing
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        pass
    if record.running >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget:
        return Cause.MEMORY
    long = any(row.kind is Kind.PREFILL and row.tokens >= MOSTLY * record.budget for row in record.rows)
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
