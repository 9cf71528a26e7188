"""You walk the tokens in sorted order when some row asks for top-k or top-p, and in the vocabulary's order when none does:
a neighbour's setting changes which token a row's number hits.

task: 4.4
caught-by: test_day_04.py::test_a_row_without_limits_does_not_feel_its_neighbours[top-k]
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
    limited = any(row.top_k or row.top_p < 1 for row in params)
    order = mx.argsort(-scaled, axis=-1) if limited else mx.broadcast_to(mx.arange(scaled.shape[-1])[None], scaled.shape)
    reached = mx.cumsum(mx.take_along_axis(mx.softmax(scaled, axis=-1), order, axis=-1), axis=-1)
    wanted = uniform_draws(params, positions)[:, None] * reached[:, -1:]
    drawn = mx.take_along_axis(order, mx.argmax(reached > wanted, axis=-1)[:, None], axis=-1)[:, 0].astype(mx.int32)
    return mx.where(mx.array([row.greedy for row in params]), greedy, drawn)
    # task 4.4 end
