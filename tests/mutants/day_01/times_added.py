"""You added the two times. The machine reads ahead while it computes, so the step lasts as long as the slower one.

task: 1.2
caught-by: test_day_01.py::test_neither_time_is_added_to_the_other
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, computing + reading, bound)
    # task 1.2 end
