"""You let a row that sampled nothing have kept one guess less than none.

task: 14.4
caught-by: test_day_14.py::test_a_row_that_sampled_nothing_still_decoded
"""


def compose(record):
    # task 14.4 begin
    prefill = decode = guesses = waste = 0
    for row in record.rows:
        if row.kind is Kind.PREFILL:
            prefill += row.tokens
        elif row.kind is Kind.DECODE:
            kept = row.sampled - 1
            decode += 1
            guesses += kept
            waste += row.tokens - 1 - kept
        elif row.kind is Kind.WASTED:
            waste += row.tokens
    return Composition(prefill - record.again, decode, guesses, waste + record.again)
    # task 14.4 end
