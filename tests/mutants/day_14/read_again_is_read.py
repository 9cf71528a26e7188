"""You count what is read a second time as prompts. It had been read, and was lost.

task: 14.4
caught-by: test_day_14.py::test_what_was_read_before_is_wasted
"""


def compose(record):
    # task 14.4 begin
    prefill = decode = guesses = waste = 0
    for row in record.rows:
        if row.kind is Kind.PREFILL:
            prefill += row.tokens
        elif row.kind is Kind.DECODE:
            kept = max(0, row.sampled - 1)
            decode += 1
            guesses += kept
            waste += row.tokens - 1 - kept
        elif row.kind is Kind.WASTED:
            waste += row.tokens
    return Composition(prefill, decode, guesses, waste)
    # task 14.4 end
