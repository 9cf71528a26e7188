"""A model from named tensors: the names of Hugging Face, which mlx-lm uses too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import mlx.core as mx

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Layer, Linear, Quantised, Table, Weight, stack
from tiny_batch_kit.model.qwen2 import Qwen2


class CheckpointError(KitError):
    """A checkpoint can't be loaded: the message says what is wrong with it, and what to do."""


def model_from_tensors(
    config: Qwen2Config,
    tensors: Mapping[str, mx.array],
    *,
    dtype: mx.Dtype,
    packing: Callable[[str], Quantised] | None = None,
    unpack: bool = False,
) -> Qwen2:
    """Build a model from tensors named as Hugging Face names them ("model.layers.0.self_attn.q_proj.weight", ...).

    dtype: what the model computes in. packing: how the weight of a product ("model.layers.0.mlp.down_proj") is packed;
    asked only of those that have a tensor "<name>.scales". unpack: turn packed weights into plain ones of `dtype`.
    Missing biases of queries, keys and values are zero, as a Llama-style model wants them.
    Raises CheckpointError if a tensor is missing, or of another shape than the config says.
    """
    reader = _Reader(tensors, dtype, packing, unpack)
    layers = [_layer(reader, config, f"model.layers.{number}") for number in range(config.num_layers)]
    table = (config.vocab_size, config.width)
    embedding = Table(reader.product(["model.embed_tokens"], *table))
    head = None if config.tied else Linear(reader.product(["lm_head"], *table))
    return Qwen2(config, embedding, layers, reader.vector("model.norm.weight", config.width), head)


def _layer(reader: _Reader, config: Qwen2Config, at: str) -> Layer:
    q_width, kv_width = config.num_heads * config.head_dim, config.num_kv_heads * config.head_dim
    qkv, heights = [f"{at}.self_attn.{part}_proj" for part in "qkv"], (q_width, kv_width, kv_width)
    gate_up = [f"{at}.mlp.gate_proj", f"{at}.mlp.up_proj"]
    return Layer(
        attention_norm=reader.vector(f"{at}.input_layernorm.weight", config.width),
        qkv=Linear(reader.product(qkv, heights, config.width), reader.biases(qkv, heights)),
        output=Linear(reader.product([f"{at}.self_attn.o_proj"], config.width, q_width)),
        ffn_norm=reader.vector(f"{at}.post_attention_layernorm.weight", config.width),
        gate_up=Linear(reader.product(gate_up, config.ffn_width, config.width)),
        down=Linear(reader.product([f"{at}.mlp.down_proj"], config.width, config.ffn_width)),
    )


class _Reader:
    """Takes tensors by name, checks their shapes, and brings them into the numbers that the model computes in."""

    def __init__(
        self,
        tensors: Mapping[str, mx.array],
        dtype: mx.Dtype,
        packing: Callable[[str], Quantised] | None,
        unpack: bool,
    ) -> None:
        self._tensors, self._dtype, self._packing, self._unpack = tensors, dtype, packing, unpack

    def product(self, names: Sequence[str], heights: int | Sequence[int], columns: int) -> Weight:
        """The weights of one product, joined into one: `heights` rows each, all of `columns` numbers."""
        rows = [heights] * len(names) if isinstance(heights, int) else heights
        parts = [self._weight(name, height, columns) for name, height in zip(names, rows, strict=True)]
        joined = parts[0] if len(parts) == 1 else stack(parts, self._dtype)
        ready = joined.unpack(self._dtype) if self._unpack else joined.cast(self._dtype)
        mx.eval(ready.arrays)  # one at a time: what was only needed on the way is free again for the next
        return ready

    def vector(self, name: str, size: int) -> mx.array:
        """The numbers of a norm or a bias."""
        vector = self._tensor(name)
        if vector.shape != (size,):
            raise _wrong_shape(name, vector.shape, (size,))
        vector = vector.astype(self._dtype)
        mx.eval(vector)
        return vector

    def biases(self, names: Sequence[str], sizes: Sequence[int]) -> mx.array | None:
        """The joined biases, or None if there is none at all: a Llama-style model pays nothing for its zeros."""
        if not any(f"{name}.bias" in self._tensors for name in names):
            return None
        return mx.concatenate([self.vector(f"{n}.bias", size) for n, size in zip(names, sizes, strict=True)])

    def _weight(self, name: str, rows: int, columns: int) -> Weight:
        weight = Weight(self._tensor(f"{name}.weight"))
        if f"{name}.scales" in self._tensors and self._packing is not None:
            scales, offsets = self._tensor(f"{name}.scales"), self._tensor(f"{name}.biases")
            weight = Weight(weight.data, scales, offsets, packing=self._packing(name))
        if weight.data.ndim != 2 or weight.shape != (rows, columns):
            shape = weight.shape if weight.data.ndim == 2 else weight.data.shape
            raise _wrong_shape(f"{name}.weight", shape, (rows, columns))
        return weight

    def _tensor(self, name: str) -> mx.array:
        if name not in self._tensors:
            raise CheckpointError(
                f'the checkpoint has no tensor "{name}" among its {len(self._tensors)}: '
                "it is incomplete, or not a Qwen2- or Llama-style model; fetch it again or name another"
            )
        return self._tensors[name]


def _wrong_shape(name: str, got: tuple[int, ...], expected: tuple[int, ...]) -> CheckpointError:
    return CheckpointError(
        f'tensor "{name}" has shape {got}, but the config says {expected}: '
        "the weights and the config of this checkpoint do not belong together"
    )


def reason(error: Exception) -> str:
    """The first sentence of what a library said, to be quoted inside a sentence of ours."""
    first_line = (str(error).splitlines() or [""])[0] or type(error).__name__
    return re.sub(r"^\[\w+\] ", "", first_line).split(". ")[0].rstrip(".: ")
