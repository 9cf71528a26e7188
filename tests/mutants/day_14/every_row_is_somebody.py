"""You count IDLE and WASTED rows as if they served a request.

task: 14.4
caught-by: test_day_14.py::test_idle_rows_dont_fill_slots
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
        if not record.waiting and len(record.rows) <= FEW * record.slots
    ]
    return [
        *(_waits(cause, records) for cause in WAITS),
        _share(Cause.THRASH, sum(record.again for record in records), computed),
        _share(Cause.CACHE, read, needed),
        _share(Cause.GUESSES, refused, refused + parts.guesses),
        _share(Cause.BUBBLES, sum(tokens_of(record, Kind.WASTED) for record in records), computed),
        _share(Cause.IDLE, len(few), len(records)),
    ]
    # task 14.4 end
