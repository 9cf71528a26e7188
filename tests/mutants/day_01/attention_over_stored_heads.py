"""You counted the key-value heads in attention. Every query head computes its own scores, even when several share a key.

task: 1.2
caught-by: test_day_01.py::test_attention_computes_for_every_query_head_and_position
"""


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    flops = batch * (2 * shape.params + 4 * shape.layers * shape.kv_heads * shape.head_dim * context)
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)
    computing, reading = flops / hardware.flops, read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end
