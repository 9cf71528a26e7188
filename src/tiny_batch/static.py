"""Day 2: static batching. All rows start together, and none leaves before the last one has finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import mlx.core as mx

from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.qwen2 import Qwen2

from .padding import left_pad, padded_positions, padding_mask

OnStep = Callable[[list[int | None]], None]


@dataclass(frozen=True)
class StaticResult:
    """What a static batch made, and what it cost.

    tokens: the new tokens of each row, in the prompts' order, without EOS.
    steps: the number of forward passes; the prefill, which yields every row's first token, is one.
    wasted_row_steps: the number of rows that had already finished when a step began, summed over all steps.
    """

    tokens: list[list[int]]
    steps: int
    wasted_row_steps: int


def static_generate(
    model: Qwen2,
    prompts: Sequence[Sequence[int]],
    max_tokens: int | Sequence[int],
    eos_token_id: int | None,
    on_step: OnStep | None = None,
) -> StaticResult:
    """Answer all prompts greedily as one padded batch, until its last row has finished.

    prompts: B lists of token ids. max_tokens: the limit of new tokens, at least 1; one for all rows or one for each.
    A row finishes with the token that reaches its limit, or when it samples `eos_token_id` (which is not part of its
    tokens; if None, no token ends a row). Until the last row has finished, finished rows ride along, wasted.
    on_step: called after each step with one entry for each row: the token that a live row sampled, EOS included, or
    None for a row that had finished before the step.

    Raises ValueError for an empty prompt, a limit below 1, or a count of limits that is not the count of prompts.
    """
    limits = _limits(max_tokens, len(prompts))
    if not prompts:
        return StaticResult([], 0, 0)
    raise NotImplementedError("Task 2.3: static_generate: see book/src/day-02.md")


def _limits(max_tokens: int | Sequence[int], count: int) -> list[int]:
    """One limit for each of `count` rows."""
    limits = [max_tokens] * count if isinstance(max_tokens, int) else list(max_tokens)
    if len(limits) != count:
        raise ValueError(f"{len(limits)} limits for {count} prompts: give one max_tokens for all, or one for each")
    for row, limit in enumerate(limits):
        if limit < 1:
            raise ValueError(f"max_tokens of row {row} is {limit}: a request wants at least 1 token")
    return limits
