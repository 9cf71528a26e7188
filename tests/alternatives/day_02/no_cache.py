"""Generation without a cache: the whole rectangle goes through the model at every step. Slow, and right."""


def static_generate(model, prompts, max_tokens, eos_token_id, on_step=None):
    # task 2.3 begin
    texts = [list(prompt) for prompt in prompts]
    outputs = [[] for _ in prompts]
    done = [False] * len(prompts)
    history = []
    while not all(done):
        rectangle = left_pad(texts, pad_id=1)
        lengths, width = [len(text) for text in texts], rectangle.shape[1]
        attend = PaddedCache(model.config.num_layers).attend(padding_mask(lengths, width))
        hidden = model(rectangle, padded_positions(lengths, width), attend)
        chosen = mx.argmax(model.logits(hidden[:, width - 1]), axis=-1).tolist()
        history.append([None if done[row] else token for row, token in enumerate(chosen)])
        for row, token in enumerate(chosen):
            texts[row].append(token)
            if done[row]:
                continue
            if token == eos_token_id:
                done[row] = True
            else:
                outputs[row].append(token)
                done[row] = len(outputs[row]) == limits[row]
        if on_step:
            on_step(history[-1])
    return StaticResult(outputs, len(history), sum(entry is None for step in history for entry in step))
    # task 2.3 end
