"""You computed the guesses only: the certain token goes through the model as well.

task: 13.6
caught-by: test_day_13.py::test_every_guess_is_computed_as_a_token_is
"""


def verify_seconds(shape, hardware, batch, context, guesses):
    # task 13.6 begin
    attending = 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * max(1, guesses) * (2 * shape.params + attending)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    return max(flops / hardware.flops, read / hardware.bandwidth)
    # task 13.6 end
