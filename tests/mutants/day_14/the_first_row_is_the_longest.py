"""You look at the first prompt only.

task: 14.4
caught-by: test_day_14.py::test_half_the_budget_is_a_long_prompt[half-behind]
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if record.running >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget:
        return Cause.MEMORY
    long = any(row.kind is Kind.PREFILL and row.tokens >= MOSTLY * record.budget for row in [each for each in record.rows if each.kind is Kind.PREFILL][:1])
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
