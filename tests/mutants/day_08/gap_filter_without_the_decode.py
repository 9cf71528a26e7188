"""You left out the decode pass when you checked which sizes are allowed.

task: 8.4
caught-by: test_day_08.py::test_the_decode_pass_belongs_to_the_gap
"""


def choose_chunk_size(chunk_seconds, decode_seconds, prompt_tokens, max_gap):
    # task 8.4 begin
    gaps = {size: seconds + decode_seconds for size, seconds in chunk_seconds.items()}
    allowed = [size for size, gap in gaps.items() if gap - decode_seconds <= max_gap]
    if not allowed:
        raise ValueError(
            f"no chunk size keeps gaps to {max_gap:g} s: the shortest is {min(gaps.values(), default=math.inf):g} s. "
            "Allow longer gaps, or offer smaller chunks"
        )
    return min(allowed, key=lambda size: (math.ceil(prompt_tokens / size) * gaps[size], size))
    # task 8.4 end
