"""You computed once for the whole batch. Reading is shared, arithmetic is not: each row multiplies for itself.

task: 1.2
caught-by: test_day_01.py::test_every_row_computes_for_itself
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = 2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
