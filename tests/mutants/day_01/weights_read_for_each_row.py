"""You read the weights once for each row. One read serves the whole batch: that is why batching pays.

task: 1.2
caught-by: test_day_01.py::test_a_batch_reads_the_weights_once
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context)
    read = batch * (shape.total_weight_bytes + context * kv_bytes_per_token(shape))
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
