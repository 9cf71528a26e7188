"""You count a budget with one token left as spent. One token is room for a chunk of one.

task: 14.4
caught-by: test_day_14.py::test_a_budget_is_spent_or_it_is_not[one-left]
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if record.running >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget - 1:
        return Cause.MEMORY
    long = any(row.kind is Kind.PREFILL and row.tokens >= MOSTLY * record.budget for row in record.rows)
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
