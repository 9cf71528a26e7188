"""You count every token that was sampled as a guess that was kept. One of them needed no guess.

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
            kept = row.sampled
            decode += 1
            guesses += kept
            waste += row.tokens - 1 - kept
        elif row.kind is Kind.WASTED:
            waste += row.tokens
    return Composition(prefill - record.again, decode, guesses, waste + record.again)
    # task 14.4 end
