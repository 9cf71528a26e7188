"""On a tie you called the step compute bound. The contract says memory: one more row is then still nearly free.

task: 1.2
caught-by: test_day_01.py::test_a_tie_is_memory_bound
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    per_row = 2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * per_row
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)

    computing = flops / hardware.flops
    reading = read / hardware.bandwidth
    bound = Bound.COMPUTE if computing >= reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
