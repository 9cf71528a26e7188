"""A model arranged for the CPU at hand: the same numbers up to rounding, sooner.

Two things make MLX slow on a CPU that need not be. Its `exp` goes number by number, where a few products and a trick
with bits go through whole vectors. And OpenBLAS copies a whole weight matrix into an order of its own at every
product, except for small products; so a weight that is stored as a stack of small ones is read once and never copied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import mlx.core as mx

from tiny_batch_kit.machine import blas
from tiny_batch_kit.machine.hardware import best_seconds
from tiny_batch_kit.model import attention as plain
from tiny_batch_kit.model.layers import Layer, Linear, Table, Weight
from tiny_batch_kit.model.qwen2 import Qwen2

COLUMNS = 32  # of a block
SMALL = 1_000_000  # OpenBLAS has no need to copy for products of fewer multiplications than this
MOST_ROWS = 48

_LOG2_E = 1.4426950408889634
_ROUND = 12582912.0  # 1.5 * 2**23: added to a small float, it leaves the nearest whole number in its last bits
# 2**f for -0.5 <= f <= 0.5, from the highest power down: a least-squares fit at Chebyshev's points, 1e-7 off at most.
_POWERS = (0.0013390867, 0.0096663737, 0.055503571, 0.24022349, 0.69314719, 1.0)


@cache
def is_worthwhile() -> bool:
    """Whether this process computes on a CPU, with OpenBLAS or another fast BLAS; elsewhere nothing is rearranged."""
    return mx.default_device().type == mx.DeviceType.cpu and blas.report().fast


def exp(x: mx.array) -> mx.array:
    """The exponential of each number, float32, to 6 digits; 0 below -88, and never infinite.

    x * log2(e) = n + f with a whole n: 2**f is a polynomial, and 2**n is n written into the exponent's bits.
    """
    power = mx.minimum(mx.maximum(x * _LOG2_E, -127.0), 126.0)
    rounded = power + _ROUND
    fraction = power - (rounded - _ROUND)
    value = fraction * _POWERS[0] + _POWERS[1]
    for coefficient in _POWERS[2:]:
        value = value * fraction + coefficient
    return value * ((rounded.view(mx.int32) << 23) + (127 << 23)).view(mx.float32)


def attention(q: mx.array, k: mx.array, v: mx.array, mask: mx.array | None = None) -> mx.array:
    """As the kit's `attention`, and where nothing is to be gained, the very same.

    q: (B, L, Hq, Dh). k and v: (B, Hkv, S, Dh). mask: bool, (B, L, S) or (L, S). Returns (B, L, Hq, Dh).
    """
    if not is_worthwhile() or q.dtype != mx.float32:
        return plain.attention(q, k, v, mask)
    batch, length, heads, width = q.shape
    kv_heads, columns, group = k.shape[1], k.shape[2], heads // k.shape[1]
    rows = (q * width**-0.5).reshape(batch, length, kv_heads, group, width).transpose(0, 2, 3, 1, 4)
    scores = rows.reshape(batch, kv_heads, group * length, width) @ k.swapaxes(2, 3)
    if mask is not None:
        # Adding is cheaper than choosing; and the mask is turned into numbers once, not once a head.
        bias = mx.where(mask, 0.0, -mx.inf).reshape(-1, 1, 1, length, columns)
        scores = (scores.reshape(batch, kv_heads, group, length, columns) + bias).reshape(scores.shape)
    weights = exp(scores - mx.max(scores, axis=-1, keepdims=True))
    out = (weights @ v) / mx.sum(weights, axis=-1, keepdims=True)
    return out.reshape(batch, kv_heads, group, length, width).transpose(0, 3, 1, 2, 4).reshape(q.shape)


@dataclass(frozen=True)
class BlockedWeight(Weight):
    """A matrix of (out, in) numbers as a stack of blocks: `data` is (out / COLUMNS, in, COLUMNS)."""

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in)."""
        blocks, width, columns = self.data.shape
        return blocks * columns, width

    def times(self, x: mx.array) -> mx.array:
        """The product with each token: (..., in) -> (..., out); many tokens go through a few at a time."""
        rows = x.reshape(-1, x.shape[-1])
        step = min(MOST_ROWS, max(1, SMALL // (COLUMNS * rows.shape[1])))
        parts = [self._few(rows[start : start + step]) for start in range(0, len(rows), step)]
        y = parts[0] if len(parts) == 1 else mx.concatenate(parts)
        return y.reshape(*x.shape[:-1], -1)

    def _few(self, rows: mx.array) -> mx.array:
        return (rows[None] @ self.data).swapaxes(0, 1).reshape(len(rows), -1)

    def gather(self, rows: mx.array) -> mx.array:
        """Some rows: (*S) integers -> (*S, in)."""
        return self.data[rows // COLUMNS, :, rows % COLUMNS]


@dataclass(frozen=True)
class TunedLayer(Layer):
    """A layer whose SwiGLU does without MLX's `sigmoid`."""

    def feed_forward(self, x: mx.array) -> mx.array:
        """SwiGLU: (*S, D) -> (*S, D)."""
        gate, up = mx.split(self.gate_up(x), 2, axis=-1)
        return self.down(gate * up / (1.0 + exp(-gate)))


def tuned(model: Qwen2) -> Qwen2:
    """The same model, arranged for this machine; the very same where nothing is to be gained.

    Weights are stored anew: drop the other model if memory is short. Quantised ones stay as they are.
    """
    if not is_worthwhile() or model.dtype != mx.float32:
        return model
    arrange: Callable[[Linear], Linear] = _blocked if _blocks_win(model.layers[0].gate_up.weight) else lambda it: it
    layers: list[Layer] = []
    for layer in model.layers:
        layers.append(
            TunedLayer(
                layer.attention_norm,
                arrange(layer.qkv),
                arrange(layer.output),
                layer.ffn_norm,
                arrange(layer.gate_up),
                arrange(layer.down),
            )
        )
        mx.eval(layers[-1].arrays)
    embedding = Table(arrange(Linear(model.embedding.weight)).weight)
    head = None if model.head is None else arrange(model.head)
    mx.eval(embedding.arrays)
    return Qwen2(model.config, embedding, layers, model.norm, head)


def _blocked(linear: Linear) -> Linear:
    weight = linear.weight
    if weight.packing is not None or weight.shape[0] % COLUMNS:
        return linear
    rows, width = weight.shape
    data = mx.contiguous(weight.data.reshape(rows // COLUMNS, COLUMNS, width).swapaxes(1, 2))
    return replace(linear, weight=BlockedWeight(data))


def _blocks_win(weight: Weight) -> bool:
    """Whether blocks are faster here: it depends on the BLAS and its kernels for this CPU, so it is measured."""
    blocked = _blocked(Linear(weight)).weight
    if blocked is weight:
        return False
    rows = mx.random.normal((16, weight.shape[1]))
    mx.eval(rows, blocked.data)
    return best_seconds(lambda: mx.eval(blocked.times(rows))) < best_seconds(lambda: mx.eval(weight.times(rows)))
