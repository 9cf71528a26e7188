"""You added the two times. The machine reads while it computes: the longer time counts.

task: 13.6
caught-by: test_day_13.py::test_the_slower_of_the_two_sets_the_time
"""


def verify_seconds(shape, hardware, batch, context, guesses):
    # task 13.6 begin
    attending = 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * (1 + guesses) * (2 * shape.params + attending)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    return flops / hardware.flops + read / hardware.bandwidth
    # task 13.6 end
