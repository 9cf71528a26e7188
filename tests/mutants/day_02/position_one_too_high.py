"""The decode step's positions are one too high: the first new token stands at the position `length`, not `length + 1`.

task: 2.3
caught-by: test_day_02.py::test_prompts_of_one_length_are_served_together
"""


def static_generate(model, prompts, max_tokens, eos_token_id, on_step=None):
    # task 2.3 begin
    tokens: list[list[int]] = [[] for _ in prompts]
    live = [True] * len(prompts)
    steps = wasted = 0

    cache = PaddedCache(model.config.num_layers)
    columns = left_pad(prompts, pad_id=0)
    lengths, width = [len(prompt) for prompt in prompts], columns.shape[1]
    while any(live):
        queries = columns.shape[1]
        positions = padded_positions(lengths, width)[:, -queries:] + (1 if queries == 1 and steps else 0)
        mask = padding_mask(lengths, width, queries)
        hidden = model(columns, positions, cache.attend(mask))
        next_column = mx.argmax(model.logits(hidden[:, -1]), axis=-1).astype(mx.int32)

        chosen = cast(list[int], next_column.tolist())
        sampled = [token if alive else None for token, alive in zip(chosen, live, strict=True)]
        for row, token in enumerate(sampled):
            if token is None:
                wasted += 1
                continue
            if token != eos_token_id:
                tokens[row].append(token)
            live[row] = token != eos_token_id and len(tokens[row]) < limits[row]
        steps += 1
        if on_step is not None:
            on_step(sampled)

        # Finished rows are fed their own stray token: the row is computed whether anybody wants it or not.
        columns = next_column[:, None]
        lengths, width = [length + 1 for length in lengths], width + 1
    return StaticResult(tokens, steps, wasted)
    # task 2.3 end
