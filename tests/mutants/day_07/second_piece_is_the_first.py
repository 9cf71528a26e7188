"""You fed the first piece of the prompt again as the second.

task: 7.1
caught-by: test_day_07.py::test_a_prompt_is_read_in_pieces
"""


def prefill(model, prompt, prefill_step):
    # task 7.1 begin
    caches = [TinyKvCache() for _ in range(model.config.num_layers)]
    for start in range(0, len(prompt), prefill_step):
        piece = mx.array([prompt[: min(prefill_step, len(prompt) - start)]], dtype=mx.int32)
        positions = mx.arange(start, start + piece.shape[1], dtype=mx.int32)[None]
        mask = causal_mask(piece.shape[1], start)
        hidden = model(piece, positions, attend_with(caches, mask))
        mx.eval(hidden)  # without this, all pieces would be computed in the end, and in memory together
    return caches, model.logits(hidden[0, -1])
    # task 7.1 end
