"""You ask for the budget before the slots. With all slots taken, a larger budget admits no request.

task: 14.4
caught-by: test_day_14.py::test_a_larger_budget_gives_nobody_a_slot
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if record.computed >= record.budget:
        long = any(row.kind is Kind.PREFILL and row.tokens >= MOSTLY * record.budget for row in record.rows)
        return Cause.LONG_PROMPT if long else Cause.BUDGET
    return Cause.SLOTS if record.running >= record.slots else Cause.MEMORY
    # task 14.4 end
