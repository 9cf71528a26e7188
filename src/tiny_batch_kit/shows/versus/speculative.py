"""mlx-lm's own speculative generation: one request, and a draft model."""

import time
from collections.abc import Sequence

import mlx.core as mx

from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.shows.versus.sides import as_mlx_lm


def mlx_lm_speculative(
    model: Qwen2, draft: Qwen2, prompt: Sequence[int], limit: int, guesses: int
) -> tuple[list[int], float]:
    """Answer one prompt greedily with mlx-lm, with so many guesses of a draft a step: (the tokens, seconds)."""
    from mlx_lm.generate import speculative_generate_step

    theirs, their_draft = as_mlx_lm(model), as_mlx_lm(draft)
    started = time.perf_counter()
    steps = speculative_generate_step(
        mx.array(list(prompt)), theirs, their_draft, num_draft_tokens=guesses, max_tokens=limit
    )
    tokens = [int(token) for token, *_ in steps]
    return tokens, time.perf_counter() - started
