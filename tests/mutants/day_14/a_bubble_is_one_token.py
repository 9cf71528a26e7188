"""You count a row that serves no request as one token. It may be a whole padded prompt.

task: 14.4
caught-by: test_day_14.py::test_rows_for_nobody
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
            waste += 1
    return Composition(prefill - record.again, decode, guesses, waste + record.again)
    # task 14.4 end
