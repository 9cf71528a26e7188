"""You read the weights and no cache. Each step attends to every position so far, and must read its key and its value.

task: 1.2
caught-by: test_day_01.py::test_one_row_reads_the_weights_and_its_own_cache
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context)
    read = shape.total_weight_bytes
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
