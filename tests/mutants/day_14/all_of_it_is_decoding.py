"""You count all tokens of a row that decodes as decoding: refused guesses disappear.

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
            decode += row.tokens - kept
            guesses += kept
        elif row.kind is Kind.WASTED:
            waste += row.tokens
    return Composition(prefill - record.again, decode, guesses, waste + record.again)
    # task 14.4 end
