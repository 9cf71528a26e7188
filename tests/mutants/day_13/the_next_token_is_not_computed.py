"""You computed the guesses only: the token for certain goes through the model as well.

task: 13.6
caught-by: test_day_13.py::test_without_guesses_a_step_costs_what_it_did[1-compute]
"""


def verify_seconds(shape, hardware, batch, context, guesses):
    # task 13.6 begin
    attending = 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * max(1, guesses) * (2 * shape.params + attending)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    return max(flops / hardware.flops, read / hardware.bandwidth)
    # task 13.6 end
