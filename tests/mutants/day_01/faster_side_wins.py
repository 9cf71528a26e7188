"""You took the shorter of the two times. A step ends when both the reading and the arithmetic have ended.

task: 1.2
caught-by: test_day_01.py::test_a_slow_memory_sets_the_time
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, min(computing, reading), bound)
    # task 1.2 end
