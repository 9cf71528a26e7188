"""You counted multiplications and not the additions: each weight costs two operations.

task: 1.2
caught-by: test_day_01.py::test_a_row_multiplies_and_adds_once_for_every_weight
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
