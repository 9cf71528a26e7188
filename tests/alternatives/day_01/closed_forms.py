"""Day 1 in other words: helpers inlined, the sweet spot searched from above."""


def kv_bytes_per_token(shape):
    # task 1.1 begin
    total = 0
    for _layer in range(shape.layers):
        for _head in range(shape.kv_heads):
            key = value = shape.head_dim * shape.kv_bytes
            total += key + value
    return total
    # task 1.1 end


def decode_step_cost(shape, hardware, batch, context):
    # task 1.2 begin
    heads = shape.query_heads * shape.head_dim
    scores = sums = 2 * heads * context * shape.layers
    flops = float(batch * (2 * shape.params + scores + sums))
    traffic = shape.total_weight_bytes + sum(kv_bytes_per_token(shape) * context for _ in range(batch))
    if flops / traffic > hardware.flops / hardware.bandwidth:
        return StepCost(flops, traffic, flops / hardware.flops, Bound.COMPUTE)
    return StepCost(flops, traffic, traffic / hardware.bandwidth, Bound.MEMORY)
    # task 1.2 end


def max_batch_size(shape, hardware, context):
    # task 1.3 begin
    if shape.total_weight_bytes > hardware.memory:
        raise ValueError(f"{shape.total_weight_bytes / 1e9:.1f} GB of weights, and {hardware.memory / 1e9:.1f} GB of memory: too large a model")
    rows, row = 0, context * kv_bytes_per_token(shape)
    while shape.total_weight_bytes + (rows + 1) * row <= hardware.memory:
        rows += 1
    return rows
    # task 1.3 end


def best_batch_size(shape, hardware, context, tpot_slo):
    # task 1.4 begin
    def seconds(batch):
        return decode_step_cost(shape, hardware, batch, context).seconds

    largest = max_batch_size(shape, hardware, context)
    while largest and seconds(largest) > tpot_slo:
        largest -= 1
    if largest == 0:
        raise ValueError(_why_nothing_is_allowed(shape, hardware, context, tpot_slo))
    best = largest / seconds(largest)
    chosen = largest
    while chosen > 1 and (chosen - 1) / seconds(chosen - 1) >= 0.99 * best:
        chosen -= 1
    return chosen
    # task 1.4 end
