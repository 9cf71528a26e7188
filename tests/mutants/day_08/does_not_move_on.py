"""You did not move `num_computed_tokens` on: the first chunk is read forever.

task: 8.2
caught-by: test_day_08.py::test_chunk_by_chunk_to_the_end_of_the_prompt
"""


def prefill_chunk(model, request, caches, prefill_step):
    # task 8.2 begin
    chunk, start = next_chunk(request, prefill_step), request.num_computed_tokens
    positions = mx.arange(start, start + len(chunk), dtype=mx.int32)
    mask = causal_mask(len(chunk), start)
    hidden = model(mx.array([chunk], dtype=mx.int32), positions[None], attend_with(caches, mask))
    mx.eval(hidden)
    return model.logits(hidden[0, -1]) if request.num_computed_tokens == len(request.prompt) else None
    # task 8.2 end
