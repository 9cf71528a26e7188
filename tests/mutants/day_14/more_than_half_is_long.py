"""You want more than half of the budget. Half is enough.

task: 14.4
caught-by: test_day_14.py::test_half_the_budget_is_a_long_prompt[half]
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if record.running >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget:
        return Cause.MEMORY
    long = any(row.kind is Kind.PREFILL and row.tokens > MOSTLY * record.budget for row in record.rows)
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
