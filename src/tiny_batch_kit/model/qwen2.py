"""A Qwen2-shaped transformer in which tokens meet only in `attend`.

Qwen2 (Yang et al., 2024, "Qwen2 Technical Report", section 2.2) is Llama with biases on queries, keys and values; a
Llama-style model is therefore a Qwen2 whose biases are zero.
"""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx

from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Layer, Linear, Table, rms_norm, rope_angles

Attend = Callable[[int, mx.array, mx.array, mx.array], mx.array]
"""attend(layer, q, k, v) -> out: q (*S, Hq, Dh), k and v (*S, Hkv, Dh), rope applied; out (*S, Hq, Dh)."""


class Qwen2:
    """The model: tokens in, hidden states out; everything but `attend` treats each token alone."""

    def __init__(
        self, config: Qwen2Config, embedding: Table, layers: list[Layer], norm: mx.array, head: Linear | None = None
    ) -> None:
        """Put the parts together. head: the output layer of an untied model, None for a tied one."""
        if len(layers) != config.num_layers or (head is None) != config.tied:
            raise ValueError(
                f"{len(layers)} layers and {'no ' if head is None else 'an '}output layer for a config of "
                f"{config.num_layers} layers, tied={config.tied}: give one Layer a layer, and a head if it is not tied"
            )
        self.config = config
        self.embedding, self.layers, self.norm, self.head = embedding, layers, norm, head

    def __call__(self, tokens: mx.array, positions: mx.array, attend: Attend) -> mx.array:
        """The hidden state of every token, after the last layer and the final norm.

        tokens and positions: (*S) integers of one shape, (B, L) for a padded batch, (T,) for a packed one. A position
        counts from the start of the token's own sequence. attend: see `Attend`. Returns (*S, D).
        Raises ValueError if the two shapes differ.
        """
        if tokens.shape != positions.shape:
            raise ValueError(
                f"tokens {tokens.shape} and positions {positions.shape} differ: every token needs its own position"
            )
        config = self.config
        cos, sin = rope_angles(positions, config.head_dim, config.rope_theta, self.norm.dtype)
        hidden = self.embedding.rows(tokens)
        for number, layer in enumerate(self.layers):
            q, k, v = layer.project(rms_norm(hidden, layer.attention_norm, config.norm_eps), config, cos, sin)
            read = attend(number, q, k, v)
            hidden = hidden + layer.output(read.reshape(*tokens.shape, -1))
            hidden = hidden + layer.feed_forward(rms_norm(hidden, layer.ffn_norm, config.norm_eps))
        return rms_norm(hidden, self.norm, config.norm_eps)

    def logits(self, hidden: mx.array) -> mx.array:
        """A score for every word of the vocabulary: (..., D) -> (..., V). Only give it the rows that need one."""
        return self.embedding.scores(hidden) if self.head is None else self.head(hidden)

    @property
    def dtype(self) -> mx.Dtype:
        """What the model computes in, and stores keys and values in."""
        return self.norm.dtype

    @property
    def parameters(self) -> list[mx.array]:
        """All weights."""
        head = [] if self.head is None else self.head.arrays
        return [*self.embedding.arrays, *(a for layer in self.layers for a in layer.arrays), self.norm, *head]
