"""You ran the model once for each slot. The weights are read as often: that is not a batch.

task: 7.2
caught-by: test_day_07.py::test_all_slots_go_through_the_model_at_once
"""


def decode_step(model, next_tokens, caches):
    # task 7.2 begin
    live = mx.array(caches[0].live)
    tokens = mx.array([token or 0 for token in next_tokens], dtype=mx.int32)
    mask = create_batch_mask(offsets, 1, caches[0].longest + 1)
    hidden = mx.zeros((len(next_tokens), 1, model.config.width))
    positions = caches[0].offset
    before = [list(cache.offsets) for cache in caches]
    for slot in caches[0].live:
        for cache, old in zip(caches, before):
            cache.offsets = list(old)
        out = model(tokens[:, None], positions[:, None], attend_with(caches, mask))
        hidden[slot] = out[slot]
    return model.logits(hidden[live, 0])
    # task 7.2 end
