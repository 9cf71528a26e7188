"""A tiny random model for tests: no download, milliseconds a step, and an output that depends on everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mlx.core as mx
import numpy as np

from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Layer, Linear, Table, Weight, stack
from tiny_batch_kit.model.qwen2 import Qwen2

TINY = Qwen2Config(
    num_layers=2,
    width=64,
    num_heads=4,
    num_kv_heads=2,
    head_dim=16,
    ffn_width=96,
    vocab_size=258,  # 256 bytes, a start and an end: see tokenizer.ByteTokenizer
    rope_theta=100.0,
    tied=False,
    max_positions=4096,
)


def tiny_random(seed: int = 0, **overrides: Any) -> Qwen2:
    """A seeded model of two layers whose next token depends on every token so far and on how far away it is.

    Weights come from NumPy, so one seed gives one model on every machine. They are larger than training would make
    them: attention then prefers some keys strongly, and what it reads outweighs the token's own vector, so that one
    wrong token, position or mask shows in the answer at once.
    overrides: fields of Qwen2Config, such as num_layers=1 or vocab_size=50.
    """
    config = replace(TINY, **overrides)
    rng = np.random.default_rng([seed, 11])  # 11: of two dozen tried, these models repeat themselves least

    def normal(*shape: int, scale: float = 1.0) -> mx.array:
        return mx.array((rng.standard_normal(shape) * scale).astype(np.float32))

    def matrix(rows: int, columns: int, gain: float = 1.0) -> Weight:
        return Weight(normal(rows, columns, scale=gain / columns**0.5))

    c = config
    q_width, kv_width = c.num_heads * c.head_dim, c.num_kv_heads * c.head_dim
    layers = [
        Layer(
            attention_norm=1 + normal(c.width, scale=0.1),
            qkv=Linear(
                stack(
                    [matrix(q_width, c.width, 2.5), matrix(kv_width, c.width, 2.5), matrix(kv_width, c.width, 3.0)],
                    mx.float32,
                ),
                normal(q_width + 2 * kv_width, scale=0.5),
            ),
            output=Linear(matrix(c.width, q_width, 4.0)),
            ffn_norm=1 + normal(c.width, scale=0.1),
            gate_up=Linear(matrix(2 * c.ffn_width, c.width, 2.0)),
            down=Linear(matrix(c.width, c.ffn_width, 4.0)),
        )
        for _ in range(c.num_layers)
    ]
    embedding = Table(Weight(normal(c.vocab_size, c.width)))
    head = None if c.tied else Linear(matrix(c.vocab_size, c.width, 3.0))
    model = Qwen2(c, embedding, layers, 1 + normal(c.width, scale=0.1), head)
    mx.eval(model.parameters)
    return model
