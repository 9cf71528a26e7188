"""You drew from a generator with a state of its own: what it gives depends on which rows have drawn before.

task: 4.4
caught-by: test_day_04.py::test_the_same_seed_and_position_give_the_same_token
"""


def sample_batch(logits, params, positions):
    # task 4.4 begin
    greedy = mx.argmax(logits, axis=-1).astype(mx.int32)
    if all(row.greedy for row in params):
        return greedy
    temperature = mx.array([1.0 if row.greedy else row.temperature for row in params])[:, None]
    scaled = logits.astype(mx.float32) / temperature
    scaled = mx.where(scaled >= _lowest_admitted(scaled, params), scaled, -mx.inf)

    # Draw by walking up the summed probabilities until they pass u. In the vocabulary's order, whatever was sorted.
    reached = mx.cumsum(mx.softmax(scaled, axis=-1), axis=-1)
    wanted = mx.array([[each.random()] for each in [sample_batch.__dict__.setdefault("generator", np.random.default_rng(0))] * len(params)]) * reached[:, -1:]
    drawn = mx.argmax(reached > wanted, axis=-1).astype(mx.int32)
    return mx.where(mx.array([row.greedy for row in params]), greedy, drawn)
    # task 4.4 end
