"""You take a row with many guesses for a long prompt.

task: 14.4
caught-by: test_day_14.py::test_guesses_are_no_prompt
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if record.running >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget:
        return Cause.MEMORY
    long = any(row.tokens >= MOSTLY * record.budget for row in record.rows)
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
