"""Every chunk counts its positions from 0: to the model, the prompt is many short ones on top of each other.

task: 8.2
caught-by: test_day_08.py::test_chunks_of_any_size_give_the_same_logits[4]
"""


def prefill_chunk(model, request, caches, prefill_step):
    # task 8.2 begin
    chunk, start = next_chunk(request, prefill_step), request.num_computed_tokens
    positions = mx.arange(len(chunk), dtype=mx.int32)
    mask = causal_mask(len(chunk), start)
    hidden = model(mx.array([chunk], dtype=mx.int32), positions[None], attend_with(caches, mask))
    mx.eval(hidden)
    request.num_computed_tokens += len(chunk)
    return model.logits(hidden[0, -1]) if request.num_computed_tokens == len(request.prompt) else None
    # task 8.2 end
