"""Day 8: chunked prefill. Each step reads one chunk of a prompt, so no request stalls for longer than a chunk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import mlx.core as mx

from tiny_batch_kit.model.attention import attend_with
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

from .continuous import ContinuousBatcher
from .kv_cache import TinyKvCache
from .masks import causal_mask
from .request import Request, RequestState


def next_chunk(request: Request, prefill_step: int) -> list[int]:
    """The tokens of the prompt that are read next: at most `prefill_step`, from the first that is not computed yet.

    The request stays as it is: `num_computed_tokens` says where it stands. Raises ValueError if `prefill_step` is below
    1, or if the whole prompt is computed already.
    """
    raise NotImplementedError("Task 8.1: next_chunk: see book/src/day-08.md")


def prefill_chunk(model: Qwen2, request: Request, caches: Sequence[TinyKvCache], prefill_step: int) -> mx.array | None:
    """Read the next chunk of a request's prompt, in one forward pass, behind what its caches already hold.

    caches: the request's own, one for each layer; they hold its first `num_computed_tokens` tokens, and the chunk's too
    afterwards. `num_computed_tokens` is moved on.
    Returns the logits of the first new token, (V,), if that was the end of the prompt, else None. Either way the chunk
    has gone through all layers when this returns, and not later, when its result is looked at.
    """
    raise NotImplementedError("Task 8.2: prefill_chunk: see book/src/day-08.md")


class ChunkedBatcher(ContinuousBatcher):
    """A continuous batcher whose steps read one chunk of one prompt, and then decode all other requests.

    `prefill_step` is the size of a chunk. Of several requests that are PREFILLING, the one admitted first is read to
    its end before the next one begins.
    """

    def __init__(self, model: Qwen2, **options: Any) -> None:
        """As ContinuousBatcher."""
        super().__init__(model, **options)
        self._reading: tuple[Request, list[TinyKvCache]] | None = None  # whose prompt is half read, and its caches

    def prefill(self) -> None:
        """Read one chunk of the oldest PREFILLING request; none if there is no such request.

        When that was its last, it becomes DECODING, moves into its slot in every layer, and gets its first token.
        `on_step` hears of every chunk: of one that was not the last, its slot and tokens, with 0 sampled.
        """
        raise NotImplementedError("Task 8.3: ChunkedBatcher.prefill: see book/src/day-08.md")

    def retire(self) -> None:
        """As on Day 7; and a request that ended before its prompt was read lets go of what it had read."""
        raise NotImplementedError("Task 8.3: ChunkedBatcher.retire: see book/src/day-08.md")


def choose_chunk_size(
    chunk_seconds: Mapping[int, float], decode_seconds: float, prompt_tokens: int, max_gap: float
) -> int:
    """The chunk size that reads a prompt soonest, among those with which no gap is longer than `max_gap` seconds.

    chunk_seconds: for each size on offer, the measured seconds of one chunk; take the last of a long prompt, for later
    ones look at more keys. A chunk that is not full counts as a whole one. decode_seconds: those of one decode pass.
    A step is a chunk and a decode pass: its length is the gap between two tokens of every other request, and the prompt
    takes as many steps as it has chunks. Of sizes that are equally soon, the smallest.
    Raises ValueError if no size is allowed; its message gives the shortest possible gap, in seconds.
    """
    raise NotImplementedError("Task 8.4: choose_chunk_size: see book/src/day-08.md")
