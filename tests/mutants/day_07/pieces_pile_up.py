"""You never made MLX compute a piece: all of them run at the end, in one go and with more memory.

task: 7.1
caught-by: test_day_07.py::test_pieces_are_computed_as_they_are_read
"""


def prefill(model, prompt, prefill_step):
    # task 7.1 begin
    caches = [TinyKvCache() for _ in range(model.config.num_layers)]
    for start in range(0, len(prompt), prefill_step):
        piece = mx.array([prompt[start : start + prefill_step]], dtype=mx.int32)
        positions = mx.arange(start, start + piece.shape[1], dtype=mx.int32)[None]
        mask = causal_mask(piece.shape[1], start)
        hidden = model(piece, positions, attend_with(caches, mask))
    return caches, model.logits(hidden[0, -1])
    # task 7.1 end
