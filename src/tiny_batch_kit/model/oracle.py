"""The judge: serve one request alone, the simplest way, and compare what others made of it.

A request's answer must not depend on what shares its batch, so every way of serving must equal serving alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from tiny_batch_kit.machine import blas
from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.qwen2 import Qwen2


@dataclass(frozen=True)
class Alone:
    """The answer that a request gets when it is served alone, greedily.

    tokens: without EOS. finish: "stop" if EOS ended it, "length" if the limit did. For each step, the one that sampled
    EOS included: its row of `logits`, (steps, V) float32, and in `gaps` how far its best logit is above the second.
    """

    tokens: list[int]
    finish: str
    logits: mx.array
    gaps: list[float]


def serve_alone(model: Qwen2, prompt: Sequence[int], max_tokens: int, eos_token_id: int | None = None) -> Alone:
    """Answer one prompt greedily, with no other beside it.

    prompt: token ids, at least one. max_tokens: the limit of new tokens, at least 1.
    eos_token_id: the token that ends the answer; None: no token does.
    Raises ValueError for an empty prompt or a limit below 1.
    """
    if not prompt or max_tokens < 1:
        raise ValueError(f"{len(prompt)} prompt tokens and a limit of {max_tokens}: an answer needs at least 1 of each")
    cache = PaddedCache(model.config.num_layers)
    fed, position = list(prompt), 0
    tokens: list[int] = []
    rows: list[mx.array] = []
    finish = "length"
    while len(tokens) < max_tokens:
        last = position + len(fed)
        positions = mx.arange(position, last, dtype=mx.int32)
        may_look = mx.arange(last)[None, :] <= positions[:, None]
        hidden = model(mx.array([fed], dtype=mx.int32), positions[None], cache.attend(may_look))
        logits = model.logits(hidden[0, -1])
        rows.append(logits.astype(mx.float32))
        # On the logits as they are: in 16 bits, rounding after the fact makes ties that the model did not have.
        token = int(np.array(mx.argmax(logits)))
        if token == eos_token_id:
            finish = "stop"
            break
        tokens.append(token)
        fed, position = [token], last
    return Alone(tokens, finish, mx.stack(rows), [_gap(row) for row in rows])


def _gap(logits: mx.array) -> float:
    best = np.array(mx.topk(logits, 2))
    return float(abs(best[0] - best[1]))


def agrees(got: Sequence[int], alone: Alone, epsilon: float | None = None) -> str | None:
    """None if an answer is what serving alone gives; otherwise a sentence that says where the two part.

    got: an answer's tokens, EOS not included. epsilon: by how much a logit may differ for another shape of batch.
    Answers may part from the first step on whose best two logits are less than 2 epsilon apart: there either is right.
    epsilon None: 0 where every row is computed by itself (MLX's bundled BLAS), else `default_epsilon(alone)`.
    """
    slack = default_epsilon(alone) if epsilon is None else epsilon
    step = next((i for i, (a, b) in enumerate(zip(got, alone.tokens, strict=False)) if a != b), None)
    if step is None:
        if len(got) == len(alone.tokens):
            return None
        step = min(len(got), len(alone.tokens))
    beyond_limit = alone.finish == "length" and len(got) > len(alone.tokens)
    if not beyond_limit and any(gap < 2 * slack for gap in alone.gaps[: step + 1]):
        return None
    after = f"after {list(got[:step])}" if step else "at once"
    mine = f"goes on with token {got[step]}" if step < len(got) else "ends"
    ended = "ends with EOS" if alone.finish == "stop" else "ends at its limit"
    theirs = f"gives token {alone.tokens[step]}" if step < len(alone.tokens) else ended
    return f"{after}, the answer {mine}, but serving alone {theirs}"


def default_epsilon(alone: Alone) -> float:
    """By how much another shape of batch may change a logit here.

    0 on a CPU with MLX's bundled BLAS, which computes each row by itself. With a fast BLAS 2e-5 of the largest logit:
    OpenBLAS moved SmolLM2's by 2.4e-6 in a batch of 12. On a GPU 1e-2, for 16-bit numbers: an assumption, not measured.
    """
    peak = float(np.abs(np.array(alone.logits)).max())
    if mx.default_device().type != mx.DeviceType.cpu:
        return 1e-2 * peak
    return 2e-5 * peak if blas.report().fast else 0.0
