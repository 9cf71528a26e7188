"""The few numbers of a transformer that decide what it costs to serve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiny_batch_kit.model.checkpoints import Checkpoint


@dataclass(frozen=True)
class ModelShape:
    """The sizes of a Llama- or Qwen2-style decoder, and the bytes that each stored number takes.

    `query_heads` query heads share `kv_heads` key-value heads of `head_dim` numbers each: equal counts are multi-head
    attention (MHA), a single key-value head is multi-query (MQA), and anything in between is grouped-query (GQA).
    `weight_bytes` and `kv_bytes` are bytes per stored number: 4 for float32, 2 for float16, about 0.6 for 4 bits.
    """

    name: str
    layers: int
    width: int
    query_heads: int
    kv_heads: int
    head_dim: int
    ffn_width: int
    vocab: int
    tied: bool = True
    qkv_bias: bool = False
    weight_bytes: float = 2.0
    kv_bytes: float = 2.0

    @property
    def params(self) -> int:
        """How many weights the model has, the embedding table included (once, if it is also the output layer)."""
        attention = 2 * self.width * self.query_heads * self.head_dim + 2 * self.width * self.kv_heads * self.head_dim
        bias = (self.query_heads + 2 * self.kv_heads) * self.head_dim if self.qkv_bias else 0
        ffn = 3 * self.width * self.ffn_width
        norms = 2 * self.width
        tables = self.vocab * self.width * (1 if self.tied else 2)
        return self.layers * (attention + bias + ffn + norms) + self.width + tables

    @property
    def total_weight_bytes(self) -> float:
        """Bytes of memory that one copy of the weights takes."""
        return self.params * self.weight_bytes


SMOLLM2_135M = ModelShape(
    "SmolLM2-135M",
    layers=30,
    width=576,
    query_heads=9,
    kv_heads=3,
    head_dim=64,
    ffn_width=1536,
    vocab=49152,
    weight_bytes=4,
    kv_bytes=4,
)
QWEN2_0_5B = ModelShape(
    "Qwen2-0.5B",
    layers=24,
    width=896,
    query_heads=14,
    kv_heads=2,
    head_dim=64,
    ffn_width=4864,
    vocab=151936,
    qkv_bias=True,
)
LLAMA_2_7B = ModelShape(
    "Llama 2 7B",
    layers=32,
    width=4096,
    query_heads=32,
    kv_heads=32,
    head_dim=128,
    ffn_width=11008,
    vocab=32000,
    tied=False,
)
LLAMA_3_8B = ModelShape(
    "Llama 3 8B",
    layers=32,
    width=4096,
    query_heads=32,
    kv_heads=8,
    head_dim=128,
    ffn_width=14336,
    vocab=128256,
    tied=False,
)


def shape_of(checkpoint: Checkpoint) -> ModelShape:
    """The shape of a loaded model, with the bytes that its weights and its cache really take."""
    config, model = checkpoint.model.config, checkpoint.model
    shape = ModelShape(
        checkpoint.name,
        layers=config.num_layers,
        width=config.width,
        query_heads=config.num_heads,
        kv_heads=config.num_kv_heads,
        head_dim=config.head_dim,
        ffn_width=config.ffn_width,
        vocab=config.vocab_size,
        tied=config.tied,
        kv_bytes=model.dtype.size,
    )
    return replace(shape, weight_bytes=sum(array.nbytes for array in model.parameters) / shape.params)
