"""A model arranged for the CPU at hand: the same numbers up to rounding, sooner.

Two things make MLX slow on a CPU that need not be. Its `exp` goes number by number, where a few products and a trick
with bits go through whole vectors. And OpenBLAS copies a whole weight matrix into an order of its own at every
product, except for small products; so a weight that is stored as a stack of small ones is read once and never copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise

import mlx.core as mx

from tiny_batch_kit.machine import blas
from tiny_batch_kit.machine.hardware import best_seconds
from tiny_batch_kit.model import attention as plain
from tiny_batch_kit.model.layers import Layer, Linear, Table, Weight
from tiny_batch_kit.model.qwen2 import Qwen2

COLUMNS = 32  # of a block
SMALL = 1_000_000  # OpenBLAS has no need to copy for products of fewer multiplications than this
MOST_ROWS = 48
MEASURED_ROWS = (1, 2, 4, 8, 16, 24, 32, 48, 64)
CLEARLY = 0.95  # a lead that is smaller may be noise
SAMPLE = 4  # layers to measure with

Work = Callable[[], object]

_LOG2_E = 1.4426950408889634
# 1.5 * 2**23 and the exponent's bias: added to a small float, it leaves the nearest whole number, biased, in low bits.
_ROUND = 12582912.0 + 127.0
# 2**f = (p + f) / (p - f) with p = _P0 + _P2 * f * f: a least-squares fit for -0.5 <= f <= 0.5, 9e-7 off at most.
_P0, _P2 = 2.8853974, 0.11529289


@cache
def is_worthwhile() -> bool:
    """Whether this process computes on a CPU, with OpenBLAS or another fast BLAS; elsewhere nothing is rearranged."""
    return mx.default_device().type == mx.DeviceType.cpu and blas.report().fast


def exp(x: mx.array) -> mx.array:
    """The exponential of each number, float32, to 5 digits; 0 below -88, and never infinite.

    x * log2(e) = n + f with a whole n: 2**f is a quotient, and 2**n is n written into the exponent's bits.
    """
    above, below, scale = _power(x)
    return above / below * scale


def silu(x: mx.array) -> mx.array:
    """SiLU, x / (1 + exp(-x)), for each number, float32, to 5 digits."""
    above, below, scale = _power(-x)
    return x * below / (below + above * scale)


def _power(x: mx.array) -> tuple[mx.array, mx.array, mx.array]:
    """Three arrays (a, b, s) with exp(x) = a / b * s."""
    power = mx.minimum(mx.maximum(x * _LOG2_E, -127.0), 126.0)
    rounded = power + _ROUND
    fraction = power - (rounded - _ROUND)
    middle = fraction * fraction * _P2 + _P0
    return middle + fraction, middle - fraction, (rounded.view(mx.int32) << 23).view(mx.float32)


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
    """A matrix of (out, in) numbers twice: as it was, and in `data` as a stack of blocks, (out / COLUMNS, in, COLUMNS).

    few: the numbers of rows at which the blocks are faster. Elsewhere copying the matrix pays, and `plain` multiplies.
    """

    plain: Weight = field(kw_only=True)
    few: frozenset[int] = field(kw_only=True)

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in)."""
        return self.plain.shape

    def times(self, x: mx.array) -> mx.array:
        """The product with each token: (..., in) -> (..., out), by whichever layout is faster for so many."""
        rows = x.reshape(-1, x.shape[-1])
        return self.by_blocks(rows).reshape(*x.shape[:-1], -1) if len(rows) in self.few else self.plain.times(x)

    def by_blocks(self, rows: mx.array) -> mx.array:
        """The product with the blocks, so few rows at a time that nothing is copied: (rows, in) -> (rows, out)."""
        step = min(MOST_ROWS, max(1, SMALL // (COLUMNS * rows.shape[1])))
        parts = [self._few(rows[start : start + step]) for start in range(0, len(rows), step)]
        return parts[0] if len(parts) == 1 else mx.concatenate(parts)

    def _few(self, rows: mx.array) -> mx.array:
        return (rows[None] @ self.data).swapaxes(0, 1).reshape(len(rows), -1)

    def gather(self, rows: mx.array) -> mx.array:
        """Some rows: (*S) integers -> (*S, in)."""
        return self.plain.gather(rows)


@dataclass(frozen=True)
class TunedLayer(Layer):
    """A layer whose SwiGLU does without MLX's `sigmoid`."""

    def feed_forward(self, x: mx.array) -> mx.array:
        """SwiGLU: (*S, D) -> (*S, D)."""
        gate, up = mx.split(self.gate_up(x), 2, axis=-1)
        return self.down(silu(gate) * up)


def tuned(model: Qwen2) -> Qwen2:
    """The same model, arranged for this machine; the very same where nothing is to be gained.

    Weights are kept twice, as blocks for few rows and as they were for many: that doubles the model's memory, and it is
    never slower than the given model, however many rows a step has. Quantised weights stay as they are.
    """
    if not is_worthwhile() or model.dtype != mx.float32:
        return model
    layers: list[Layer] = [
        TunedLayer(old.attention_norm, qkv, output, old.ffn_norm, gate_up, down)
        for old, qkv, output, gate_up, down in zip(
            model.layers,
            _arranged([layer.qkv for layer in model.layers]),
            _arranged([layer.output for layer in model.layers]),
            _arranged([layer.gate_up for layer in model.layers]),
            _arranged([layer.down for layer in model.layers]),
            strict=True,
        )
    ]
    embedding = Table(_arranged([Linear(model.embedding.weight)])[0].weight)
    head = None if model.head is None else _arranged([model.head])[0]
    return Qwen2(model.config, embedding, layers, model.norm, head)


def _arranged(linears: Sequence[Linear]) -> Sequence[Linear]:
    """Matrices of one shape, each with blocks beside it if these are faster for any number of rows."""
    some = [blocked(linear.weight) for linear in linears[:SAMPLE]]
    few = faster_rows([weight for weight in some if weight is not None])
    if not few:
        return linears
    both = [replace(linear, weight=blocked(linear.weight, few) or linear.weight) for linear in linears]
    mx.eval([linear.arrays for linear in both])
    return both


def blocked(weight: Weight, few: frozenset[int] = frozenset()) -> BlockedWeight | None:
    """A plain matrix with its blocks, for use at `few` numbers of rows; None if it is packed or does not divide."""
    if weight.packing is not None or weight.shape[0] % COLUMNS:
        return None
    rows, width = weight.shape
    data = mx.contiguous(weight.data.reshape(rows // COLUMNS, COLUMNS, width).swapaxes(1, 2))
    return BlockedWeight(data, plain=weight, few=few)


def faster_rows(weights: Sequence[BlockedWeight], seconds: Callable[[Work], float] = best_seconds) -> frozenset[int]:
    """The numbers of rows at which blocks are faster here: that depends on the BLAS and its kernels for this CPU.

    weights: of several layers, so that they come from memory as in a step. seconds: how long some work takes. Numbers
    between two that were measured count if both do; those beyond the last are left to the plain product.
    """
    if not weights:
        return frozenset()
    mx.eval([weight.data for weight in weights])
    won = {0: True}
    for count in MEASURED_ROWS:
        rows = mx.random.normal((count, weights[0].shape[1]))
        mx.eval(rows)
        by_blocks = seconds(partial(_multiply, [weight.by_blocks for weight in weights], rows))
        plainly = seconds(partial(_multiply, [weight.plain.times for weight in weights], rows))
        won[count] = by_blocks < CLEARLY * plainly
    pairs = pairwise(sorted(won))
    return frozenset(
        count for low, high in pairs for count in range(low + 1, high + 1) if won[high] and (won[low] or count == high)
    )


def _multiply(products: Sequence[Callable[[mx.array], mx.array]], rows: mx.array) -> None:
    mx.eval([product(rows) for product in products])
