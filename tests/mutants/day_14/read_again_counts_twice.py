"""You count what is read again as waste and as prompt: the parts then add up to more than was computed.

task: 14.4
caught-by: test_day_14.py::test_the_parts_add_up
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
    return Composition(prefill, decode, guesses, waste + record.again)
    # task 14.4 end
