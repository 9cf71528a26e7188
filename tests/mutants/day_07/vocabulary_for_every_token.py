"""You made logits for every token of the prompt. Only the last one's are wanted, and each costs a look at the whole
vocabulary.

task: 7.1
caught-by: test_day_07.py::test_only_the_last_token_needs_the_vocabulary
"""


def prefill(model, prompt, prefill_step):
    # task 7.1 begin
    caches = [TinyKvCache() for _ in range(model.config.num_layers)]
    for start in range(0, len(prompt), prefill_step):
        piece = mx.array([prompt[start : start + prefill_step]], dtype=mx.int32)
        positions = mx.arange(start, start + piece.shape[1], dtype=mx.int32)[None]
        mask = causal_mask(piece.shape[1], start)
        hidden = model(piece, positions, attend_with(caches, mask))
        mx.eval(hidden)  # without this, all pieces would be computed in the end, and in memory together
    return caches, model.logits(hidden[0])[-1]
    # task 7.1 end
