"""The parts of the model that treat each token alone: products, norms, rope, the feed-forward network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mlx.core as mx

from tiny_batch_kit.model.config import Qwen2Config


@dataclass(frozen=True)
class Quantised:
    """How a weight is packed: `bits` a number, and one scale and one offset for each `group_size` of a row."""

    bits: int
    group_size: int


@dataclass(frozen=True)
class Weight:
    """A matrix of (out, in) numbers, as they are or quantised: then `data` is packed, (out, in * bits / 32) uint32.

    scales and offsets are (out, in / group_size): a number is its packed integer times the scale plus the offset.
    """

    data: mx.array
    scales: mx.array | None = None
    offsets: mx.array | None = None
    packing: Quantised | None = field(default=None, kw_only=True)

    @property
    def arrays(self) -> list[mx.array]:
        """What the matrix takes in memory."""
        return [a for a in (self.data, self.scales, self.offsets) if a is not None]

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in), whatever the packing."""
        rows, columns = self.data.shape
        return rows, columns if self.packing is None else columns * 32 // self.packing.bits

    def times(self, x: mx.array) -> mx.array:
        """The product with each token: (..., in) -> (..., out)."""
        if self.packing is None or self.scales is None:
            return x @ self.data.T
        if x.ndim == 1:
            return self.times(x[None])[0]  # MLX's CUDA has no packed product for a single vector
        bits, group_size = self.packing.bits, self.packing.group_size
        return mx.quantized_matmul(x, self.data, self.scales, self.offsets, group_size=group_size, bits=bits)

    def split(self, borders: int | Sequence[int]) -> list[Weight]:
        """The matrix in pieces of some rows each, as `mx.split` takes them."""
        pieces = zip(*(mx.split(array, borders) for array in self.arrays), strict=True)
        return [Weight(*piece, packing=self.packing) for piece in pieces]

    def gather(self, rows: mx.array) -> mx.array:
        """Some rows, unpacked: (*S) integers -> (*S, in)."""
        picked = [array[rows] for array in self.arrays]
        return picked[0] if self.packing is None else _unpack(picked, self.packing)

    def cast(self, dtype: mx.Dtype) -> Weight:
        """The same matrix for computing in `dtype`: a quantised one stays packed."""
        if self.packing is None:
            return Weight(self.data.astype(dtype))
        scales, offsets = (array.astype(dtype) for array in self.arrays[1:])
        return Weight(self.data, scales, offsets, packing=self.packing)

    def unpack(self, dtype: mx.Dtype) -> Weight:
        """The same matrix in plain numbers of `dtype`."""
        ready = self.cast(
            dtype
        )  # the scales first: numbers then come out as `dtype`, without a second copy of them all
        return ready if self.packing is None else Weight(_unpack(ready.arrays, self.packing))


def _unpack(parts: list[mx.array], packing: Quantised) -> mx.array:
    data, scales, offsets = parts
    return mx.dequantize(data, scales, offsets, group_size=packing.group_size, bits=packing.bits)


def stack(weights: Sequence[Weight], dtype: mx.Dtype) -> Weight:
    """One matrix of all rows of several, for one product in place of several.

    Weights that are packed alike stay so; otherwise all are unpacked into plain numbers of `dtype`.
    """
    packing = weights[0].packing
    if any(weight.packing != packing for weight in weights):
        return stack([weight.unpack(dtype) for weight in weights], dtype)
    parts = zip(*(weight.arrays for weight in weights), strict=True)
    data, *scales_and_offsets = [mx.concatenate(list(part)) for part in parts]
    return Weight(data, *scales_and_offsets, packing=packing) if packing else Weight(data)


@dataclass(frozen=True)
class Linear:
    """y = W x + b for each token."""

    weight: Weight
    bias: mx.array | None = None

    def __call__(self, x: mx.array) -> mx.array:
        """The product with each token: (..., in) -> (..., out)."""
        y = self.weight.times(x)
        return y if self.bias is None else y + self.bias

    @property
    def arrays(self) -> list[mx.array]:
        """The weights."""
        return [*self.weight.arrays, *([] if self.bias is None else [self.bias])]


@dataclass(frozen=True)
class Table:
    """The embedding table, (V, D): row t is the vector of token t."""

    weight: Weight

    def rows(self, tokens: mx.array) -> mx.array:
        """The vectors of some tokens: (*S) integers -> (*S, D)."""
        return self.weight.gather(tokens)

    def scores(self, hidden: mx.array) -> mx.array:
        """How well each token's vector fits: (..., D) -> (..., V)."""
        return self.weight.times(hidden)

    @property
    def arrays(self) -> list[mx.array]:
        """The weights."""
        return self.weight.arrays


@dataclass(frozen=True)
class Layer:
    """The weights of one layer. Queries, keys and values are one product, and so are gate and up."""

    attention_norm: mx.array
    qkv: Linear
    output: Linear
    ffn_norm: mx.array
    gate_up: Linear
    down: Linear

    def project(
        self, x: mx.array, config: Qwen2Config, cos: mx.array, sin: mx.array
    ) -> tuple[mx.array, mx.array, mx.array]:
        """Queries (*S, Hq, Dh) and keys (*S, Hkv, Dh), turned by their positions, and values (*S, Hkv, Dh)."""
        turned = config.num_heads + config.num_kv_heads
        heads = self.qkv(x).reshape(*x.shape[:-1], turned + config.num_kv_heads, config.head_dim)
        qk = rotate(heads[..., :turned, :], cos, sin)
        return qk[..., : config.num_heads, :], qk[..., config.num_heads :, :], heads[..., turned:, :]

    def feed_forward(self, x: mx.array) -> mx.array:
        """SwiGLU (Shazeer, 2020, "GLU Variants Improve Transformer"): (*S, D) -> (*S, D)."""
        gate, up = mx.split(self.gate_up(x), 2, axis=-1)
        return self.down(gate * mx.sigmoid(gate) * up)

    @property
    def arrays(self) -> list[mx.array]:
        """The weights."""
        products = (self.qkv, self.output, self.gate_up, self.down)
        return [self.attention_norm, self.ffn_norm, *(a for product in products for a in product.arrays)]


def rms_norm(x: mx.array, weight: mx.array, eps: float) -> mx.array:
    """Each token over its root mean square, times a weight: (..., D) -> (..., D)."""
    return mx.fast.rms_norm(x, weight, eps)


def rope_angles(positions: mx.array, head_dim: int, theta: float, dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    """Cosine and sine of each position's angles, (*S) -> twice (*S, 1, Dh / 2), once for all layers and heads.

    Pair i of a head turns by position * theta ** (-2 i / Dh) (Su et al., 2021, "RoFormer", section 3.2.2).
    """
    frequencies = theta ** (-mx.arange(0, head_dim, 2, dtype=mx.float32) / head_dim)
    angles = positions.astype(mx.float32)[..., None, None] * frequencies
    return mx.cos(angles).astype(dtype), mx.sin(angles).astype(dtype)


def rotate(x: mx.array, cos: mx.array, sin: mx.array) -> mx.array:
    """Turn every head by its token's angles: (*S, H, Dh) -> the same. Number i is paired with number i + Dh / 2."""
    first, second = mx.split(x, 2, axis=-1)
    return mx.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
