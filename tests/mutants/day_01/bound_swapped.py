"""You named the faster side. A step is bound by what it waits for: memory bound when reading takes longer.

task: 1.2
caught-by: test_day_01.py::test_the_bound_is_the_speed_that_the_step_waits_for
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.MEMORY if computing > reading else Bound.COMPUTE
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
