"""You count all waste as read again, bubbles and refused guesses included.

task: 14.4
caught-by: test_day_14.py::test_enough_tokens_are_a_finding_and_one_less_is_none[bubbles]
"""


def measure(records):
    # task 14.4 begin
    parts = sum_of(records)
    computed = sum(parts)
    cached = [record for record in records if record.caching]
    read = sum(tokens_of(record, Kind.PREFILL) for record in cached)
    needed = read + sum(record.found for record in cached)
    refused = sum(tokens_of(record, Kind.DECODE) - rows_of(record, Kind.DECODE) for record in records) - parts.guesses
    few = [
        record
        for record in records
        if not record.waiting and rows_of(record, Kind.PREFILL, Kind.DECODE) <= FEW * record.slots
    ]
    return [
        *(_waits(cause, records) for cause in WAITS),
        _share(Cause.THRASH, parts.waste, computed),
        _share(Cause.CACHE, read, needed),
        _share(Cause.GUESSES, refused, refused + parts.guesses),
        _share(Cause.BUBBLES, sum(tokens_of(record, Kind.WASTED) for record in records), computed),
        _share(Cause.IDLE, len(few), len(records)),
    ]
    # task 14.4 end
