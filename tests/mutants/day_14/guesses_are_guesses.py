"""You count refused guesses among the guesses. They were computed for nothing: waste.

task: 14.4
caught-by: test_day_14.py::test_guesses_that_were_kept_and_those_that_were_not
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
            guesses += row.tokens - 1
        elif row.kind is Kind.WASTED:
            waste += row.tokens
    return Composition(prefill - record.again, decode, guesses, waste + record.again)
    # task 14.4 end
