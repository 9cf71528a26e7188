"""A chunk of yours sees only itself: the prompt before it is stored and never looked at.

task: 8.2
caught-by: test_day_08.py::test_chunks_of_any_size_give_the_same_logits[4]
"""


def prefill_chunk(model, request, caches, prefill_step):
    # task 8.2 begin
    chunk, start = next_chunk(request, prefill_step), request.num_computed_tokens
    positions = mx.arange(start, start + len(chunk), dtype=mx.int32)
    mask = mx.concatenate([mx.zeros((len(chunk), start), dtype=mx.bool_), causal_mask(len(chunk), 0)], axis=1)
    hidden = model(mx.array([chunk], dtype=mx.int32), positions[None], attend_with(caches, mask))
    mx.eval(hidden)
    request.num_computed_tokens += len(chunk)
    return model.logits(hidden[0, -1]) if request.num_computed_tokens == len(request.prompt) else None
    # task 8.2 end
