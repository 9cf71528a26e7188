"""You let each guess read the weights anew. That is exactly what a step saves.

task: 13.6
caught-by: test_day_13.py::test_guesses_are_free_where_memory_is_waited_for
"""


def verify_seconds(shape, hardware, batch, context, guesses):
    # task 13.6 begin
    attending = 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * (1 + guesses) * (2 * shape.params + attending)
    read = (1 + guesses) * shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    return max(flops / hardware.flops, read / hardware.bandwidth)
    # task 13.6 end
