"""You admitted by rank: of tokens that are equally likely, some get in and some don't.

task: 4.4
caught-by: test_day_04.py::test_tokens_as_likely_as_the_last_are_admitted_too[top-k]
"""


def sample_batch(logits, params, positions):
    # task 4.4 begin
    greedy = mx.argmax(logits, axis=-1).astype(mx.int32)
    if all(row.greedy for row in params):
        return greedy
    temperature = mx.array([1.0 if row.greedy else row.temperature for row in params])[:, None]
    scaled = logits.astype(mx.float32) / temperature
    falling = -mx.sort(-scaled, axis=-1)
    lowest = _lowest_admitted(scaled, params)
    admitted = mx.sum(falling > lowest, axis=-1, keepdims=True) + 1  # those above the last, and the last itself
    rank = mx.argsort(mx.argsort(-scaled, axis=-1), axis=-1)
    scaled = mx.where((rank < admitted) | (lowest == -mx.inf), scaled, -mx.inf)

    # Draw by walking up the summed probabilities until they pass u. In the vocabulary's order, whatever was sorted.
    reached = mx.cumsum(mx.softmax(scaled, axis=-1), axis=-1)
    wanted = uniform_draws(params, positions)[:, None] * reached[:, -1:]
    drawn = mx.argmax(reached > wanted, axis=-1).astype(mx.int32)
    return mx.where(mx.array([row.greedy for row in params]), greedy, drawn)
    # task 4.4 end
