"""When no size keeps the promise you took the smallest, and said nothing.

task: 8.4
caught-by: test_day_08.py::test_a_promise_that_no_size_keeps_is_an_error
"""


def choose_chunk_size(chunk_seconds, decode_seconds, prompt_tokens, max_gap):
    # task 8.4 begin
    gaps = {size: seconds + decode_seconds for size, seconds in chunk_seconds.items()}
    allowed = [size for size, gap in gaps.items() if gap <= max_gap]
    if not allowed:
        return min(gaps)
    return min(allowed, key=lambda size: (math.ceil(prompt_tokens / size) * gaps[size], size))
    # task 8.4 end
