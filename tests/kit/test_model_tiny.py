"""The tiny model's answer depends on everything; the oracle serves it alone and judges others."""

import random

import mlx.core as mx
import pytest

from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.oracle import Alone, agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random()


def next_logits(prompts: list[list[int]], positions: list[int] | None = None) -> mx.array:
    """(B, V) after prompts of one length."""
    length = len(prompts[0])
    row = mx.array(positions or list(range(length)))
    mask = mx.arange(length)[None] <= mx.arange(length)[:, None]
    hidden = MODEL(mx.array(prompts), mx.broadcast_to(row, (len(prompts), length)), PaddedCache(2).attend(mask))
    return MODEL.logits(hidden[:, -1])


def share_that_changed(before: mx.array, after: mx.array) -> float:
    """Of the rows, how many would be given another token; the logits must differ a lot, at least on average."""
    distance = mx.linalg.norm(before - after, axis=-1) / mx.linalg.norm(before, axis=-1)
    assert distance.mean().item() > 0.25
    return float((mx.argmax(before, -1) != mx.argmax(after, -1)).astype(mx.float32).mean().item())


def test_every_token_every_order_and_every_position_matters():
    rng = random.Random(5)
    prompts = [[rng.randrange(256) for _ in range(8)] for _ in range(40)]
    before = next_logits(prompts)
    for place in range(8):
        other = [[*p[:place], (p[place] + 1 + rng.randrange(250)) % 256, *p[place + 1 :]] for p in prompts]
        assert share_that_changed(before, next_logits(other)) > 0.4, f"token {place}"
    swapped = [[p[0], p[4], p[2], p[3], p[1], *p[5:]] for p in prompts]
    assert share_that_changed(before, next_logits(swapped)) > 0.4
    # Rope sees distances only, so a gap in the numbering must show, while one shift of all must not.
    assert share_that_changed(before, next_logits(prompts, [0, 1, 2, 3, 4, 5, 6, 8])) > 0.4
    assert share_that_changed(before, next_logits(prompts, [0, 0, 0, 1, 2, 3, 4, 5])) > 0.3
    assert mx.allclose(before, next_logits(prompts, list(range(3, 11))), atol=1e-2).item()


def test_greedy_answers_do_not_run_in_a_short_circle():
    for prompt in ([1], [65, 66, 67], list(range(20))):
        tokens = serve_alone(MODEL, prompt, 24).tokens
        assert len(set(tokens)) >= 10
        assert len(set(tokens[:6])) >= 3


def test_a_seed_is_a_model_and_fields_can_be_overridden():
    prompt = [4, 5, 6]
    assert serve_alone(tiny_random(), prompt, 6).tokens == serve_alone(MODEL, prompt, 6).tokens
    assert serve_alone(tiny_random(seed=1), prompt, 6).tokens != serve_alone(MODEL, prompt, 6).tokens
    small = tiny_random(num_layers=1, vocab_size=50, tied=True)
    assert max(serve_alone(small, prompt, 6).tokens) < 50


def test_serving_alone_stops_at_eos_or_at_the_limit():
    free = serve_alone(MODEL, [1, 2, 3], 8)
    assert (len(free.tokens), free.finish, free.logits.shape, len(free.gaps)) == (8, "length", (8, 258), 8)
    assert free.tokens == mx.argmax(free.logits, -1).tolist()
    eos = free.tokens[3]
    first = free.tokens.index(eos)
    stopped = serve_alone(MODEL, [1, 2, 3], 8, eos)
    assert (stopped.tokens, stopped.finish, len(stopped.gaps)) == (free.tokens[:first], "stop", first + 1)
    for prompt, limit in (([], 3), ([1], 0)):
        with pytest.raises(ValueError, match="at least 1"):
            serve_alone(MODEL, prompt, limit)


def test_the_judge_names_the_first_difference():
    alone = Alone([7, 8, 9], "stop", mx.zeros((4, 10)), [5.0, 0.1, 4.0, 3.0])
    assert agrees([7, 8, 9], alone) is None
    assert "after [7], the answer goes on with token 1, but serving alone gives token 8" in str(
        agrees([7, 1, 9], alone)
    )
    assert "at once, the answer ends" in str(agrees([], alone))
    assert "ends with EOS" in str(agrees([7, 8, 9, 9], alone))


def test_the_judge_excuses_what_follows_a_tie():
    alone = Alone([7, 8, 9], "length", mx.zeros((3, 10)), [5.0, 0.1, 4.0])
    assert agrees([7, 1, 2], alone, epsilon=0.06) is None
    assert agrees([7, 8, 2], alone, epsilon=0.06) is None
    assert agrees([7, 1, 2], alone, epsilon=0.04) is not None
    assert "at once" in str(agrees([1, 8, 9], alone, epsilon=0.06))
    assert "its limit" in str(agrees([7, 8, 9, 9], alone, epsilon=0.06))
