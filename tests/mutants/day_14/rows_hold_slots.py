"""You compare the rows with the slots. A request may hold a slot without a row in this step.

task: 14.4
caught-by: test_day_14.py::test_slots_are_held_by_who_runs[all-taken]
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if len(record.rows) >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget:
        return Cause.MEMORY
    long = any(row.kind is Kind.PREFILL and row.tokens >= MOSTLY * record.budget for row in record.rows)
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
