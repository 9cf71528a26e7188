"""All rows draw with the same seed: requests with different seeds get the same luck.

task: 4.4
caught-by: test_day_04.py::test_every_seed_draws_its_own
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
    wanted = uniform_draws([params[0]] * len(params), positions)[:, None] * reached[:, -1:]
    drawn = mx.argmax(reached > wanted, axis=-1).astype(mx.int32)
    return mx.where(mx.array([row.greedy for row in params]), greedy, drawn)
    # task 4.4 end
