"""You took the size with the shortest gap. Shorter than allowed is worth nothing, and the prompt is read later.

task: 8.4
caught-by: test_day_08.py::test_the_soonest_that_keeps_the_promise[any]
"""


def choose_chunk_size(chunk_seconds, decode_seconds, prompt_tokens, max_gap):
    # task 8.4 begin
    gaps = {size: seconds + decode_seconds for size, seconds in chunk_seconds.items()}
    allowed = [size for size, gap in gaps.items() if gap <= max_gap]
    if not allowed:
        raise ValueError(
            f"no chunk size keeps gaps to {max_gap:g} s: the shortest is {min(gaps.values(), default=math.inf):g} s. "
            "Allow longer gaps, or offer smaller chunks"
        )
    return min(allowed, key=lambda size: gaps[size])
    # task 8.4 end
