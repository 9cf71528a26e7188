"""A draft without a download: a model's own first layers, with its vocabulary."""

from __future__ import annotations

from dataclasses import replace

from tiny_batch_kit.model.qwen2 import Qwen2


def early_exit(model: Qwen2, layers: int) -> Qwen2:
    """The model as if it ended behind its first `layers` layers; it shares their weights, the final norm and the head.

    Nobody has trained these layers to be the last ones, so it is a poor draft; LayerSkip (Elhoushi et al., 2024) shows
    what training gives. Raises ValueError unless 1 ≤ layers ≤ those of the model.
    """
    if not 1 <= layers <= len(model.layers):
        raise ValueError(f"{layers} layers of a model that has {len(model.layers)}: give 1 to {len(model.layers)}")
    config = replace(model.config, num_layers=layers)
    return Qwen2(config, model.embedding, model.layers[:layers], model.norm, model.head)
