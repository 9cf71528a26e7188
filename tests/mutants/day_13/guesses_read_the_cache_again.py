"""You let each guess read the row's keys and values anew. All guesses of a row look at the same ones: they are read
once.

task: 13.6
caught-by: test_day_13.py::test_guesses_are_free_where_memory_is_waited_for
"""


def verify_seconds(shape, hardware, batch, context, guesses):
    # task 13.6 begin
    attending = 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * (1 + guesses) * (2 * shape.params + attending)
    read = shape.total_weight_bytes + batch * (1 + guesses) * context * kv_bytes_per_token(shape)
    return max(flops / hardware.flops, read / hardware.bandwidth)
    # task 13.6 end
