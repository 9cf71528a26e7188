"""You never made MLX compute the chunk. All chunks run when the last one's logits are read: the stall is back, and no
result shows it.

task: 8.2
caught-by: test_day_08.py::test_a_chunk_is_computed_when_it_returns
"""


def prefill_chunk(model, request, caches, prefill_step):
    # task 8.2 begin
    chunk, start = next_chunk(request, prefill_step), request.num_computed_tokens
    positions = mx.arange(start, start + len(chunk), dtype=mx.int32)
    mask = causal_mask(len(chunk), start)
    hidden = model(mx.array([chunk], dtype=mx.int32), positions[None], attend_with(caches, mask))
    request.num_computed_tokens += len(chunk)
    return model.logits(hidden[0, -1]) if request.num_computed_tokens == len(request.prompt) else None
    # task 8.2 end
