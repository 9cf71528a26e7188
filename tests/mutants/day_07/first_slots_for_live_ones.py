"""You took the first rows of the result for the live slots. They are the live ones only until a request leaves.

task: 7.2
caught-by: test_day_07.py::test_free_slots_get_no_logits
"""


def decode_step(model, next_tokens, caches):
    # task 7.2 begin
    live = mx.array(caches[0].live)
    tokens = mx.array([token or 0 for token in next_tokens], dtype=mx.int32)
    mask = create_batch_mask(offsets, 1, caches[0].longest + 1)
    hidden = model(tokens[:, None], caches[0].offset[:, None], attend_with(caches, mask))
    return model.logits(hidden[: live.shape[0], 0])
    # task 7.2 end
