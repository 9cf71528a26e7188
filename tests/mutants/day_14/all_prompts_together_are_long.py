"""You add up all prompts of a step: two of 45 are no long one.

task: 14.4
caught-by: test_day_14.py::test_half_the_budget_is_a_long_prompt[less]
"""


def cause_of(record):
    # task 14.4 begin
    if not record.waiting:
        return None
    if record.running >= record.slots:
        return Cause.SLOTS
    if record.computed < record.budget:
        return Cause.MEMORY
    long = tokens_of(record, Kind.PREFILL) >= MOSTLY * record.budget
    return Cause.LONG_PROMPT if long else Cause.BUDGET
    # task 14.4 end
