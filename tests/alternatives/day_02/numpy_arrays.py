"""The rectangle and its mask filled row by row with numpy."""


def left_pad(prompts, pad_id):
    # task 2.1 begin
    import numpy as np

    if len(prompts) == 0:
        raise ValueError("nothing to pad")
    if any(len(prompt) == 0 for prompt in prompts):
        raise ValueError(f"empty prompts at {[i for i, p in enumerate(prompts) if len(p) == 0]}")
    out = np.full((len(prompts), max(map(len, prompts))), pad_id, dtype=np.int32)
    for row, prompt in zip(out, prompts):
        row[-len(prompt) :] = prompt
    return mx.array(out)
    # task 2.1 end


def padded_positions(lengths, width):
    # task 2.2 begin
    return mx.array([[0] * (width - n) + list(range(n)) for n in lengths], dtype=mx.int32)
    # task 2.2 end


def padding_mask(lengths, width, queries=None):
    # task 2.2 begin
    import numpy as np

    out = np.zeros((len(lengths), width, width), dtype=bool)
    for row, length in enumerate(lengths):
        pads = width - length
        out[row, pads:, pads:] = np.tril(np.ones((length, length), dtype=bool))
        for pad in range(pads):
            out[row, pad, pad] = True
    return mx.array(out)[:, width - queries if queries else 0 :]
    # task 2.2 end


def bucket_by_length(lengths, bucket_sizes):
    # task 2.4 begin
    out = {}
    for size in sorted(set(bucket_sizes)):
        smaller = max((s for s in bucket_sizes if s < size), default=0)
        indices = [i for i, n in enumerate(lengths) if smaller < n <= size]
        if indices:
            out[size] = indices
    if sum(map(len, out.values())) != len(lengths):
        raise ValueError(f"too long: {[n for n in lengths if n > max(bucket_sizes)]}")
    return out
    # task 2.4 end
