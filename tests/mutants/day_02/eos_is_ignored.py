"""You went on generating after EOS, up to the limit.

task: 2.3
caught-by: test_day_02.py::test_a_row_ends_at_eos_and_does_not_keep_it
"""


def static_generate(model, prompts, max_tokens, eos_token_id, on_step=None):
    # task 2.3 begin
    tokens = [[] for _ in prompts]
    live = [True] * len(prompts)
    steps = wasted = 0
    cache = PaddedCache(model.config.num_layers)
    columns = left_pad(prompts, pad_id=0)
    lengths, width = [len(prompt) for prompt in prompts], columns.shape[1]
    while any(live):
        queries = columns.shape[1]
        positions = padded_positions(lengths, width)[:, -queries:]
        mask = padding_mask(lengths, width, queries)
        hidden = model(columns, positions, cache.attend(mask))
        next_column = mx.argmax(model.logits(hidden[:, -1]), axis=-1).astype(mx.int32)
        sampled = [token if alive else None for token, alive in zip(next_column.tolist(), live)]
        for row, token in enumerate(sampled):
            if token is None:
                wasted += 1
                continue
            tokens[row].append(token)
            live[row] = len(tokens[row]) < limits[row]
        steps += 1
        if on_step is not None:
            on_step(sampled)
        columns = next_column[:, None]
        lengths, width = [length + 1 for length in lengths], width + 1
    return StaticResult(tokens, steps, wasted)
    # task 2.3 end
