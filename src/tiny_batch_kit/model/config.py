"""The sizes and constants of a model."""

from __future__ import annotations

from dataclasses import dataclass

from tiny_batch_kit.base.errors import KitError


@dataclass(frozen=True)
class Qwen2Config:
    """The sizes and constants of a model. `tied`: the embedding table is also the output layer."""

    num_layers: int
    width: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    ffn_width: int
    vocab_size: int
    rope_theta: float = 1_000_000.0
    norm_eps: float = 1e-6
    tied: bool = True
    max_positions: int = 32768

    def __post_init__(self) -> None:
        if self.num_heads % self.num_kv_heads:
            raise KitError(
                f"{self.num_heads} query heads can't share {self.num_kv_heads} key-value heads evenly: "
                "num_heads must be a multiple of num_kv_heads"
            )
        if self.head_dim % 2:
            raise KitError(f"head_dim is {self.head_dim}: rope turns pairs of numbers, so it must be even")
