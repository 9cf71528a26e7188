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
    # task 8.1 begin
    if prefill_step < 1:
        raise ValueError(f"prefill_step is {prefill_step}: give at least 1")
    start = request.num_computed_tokens
    if start >= len(request.prompt):
        raise ValueError(f"all {len(request.prompt)} prompt tokens of request {request.id!r} are computed: decode it")
    return request.prompt[start : start + prefill_step]
    # task 8.1 end


def prefill_chunk(model: Qwen2, request: Request, caches: Sequence[TinyKvCache], prefill_step: int) -> mx.array | None:
    """Read the next chunk of a request's prompt, in one forward pass, behind what its caches already hold.

    caches: the request's own, one for each layer; they hold its first `num_computed_tokens` tokens, and the chunk's too
    afterwards. `num_computed_tokens` is moved on.
    Returns the logits of the first new token, (V,), if that was the end of the prompt, else None. Either way the chunk
    has gone through all layers when this returns, and not later, when its result is looked at.
    """
    # task 8.2 begin
    chunk, start = next_chunk(request, prefill_step), request.num_computed_tokens
    positions = mx.arange(start, start + len(chunk), dtype=mx.int32)
    mask = causal_mask(len(chunk), start)
    hidden = model(mx.array([chunk], dtype=mx.int32), positions[None], attend_with(caches, mask))
    mx.eval(hidden)
    request.num_computed_tokens += len(chunk)
    return model.logits(hidden[0, -1]) if request.num_computed_tokens == len(request.prompt) else None
    # task 8.2 end


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
        # task 8.3 begin
        newcomers = [(slot, each) for slot, each in self.running.items() if each.state is RequestState.PREFILLING]
        if not newcomers:
            return
        slot, request = newcomers[0]  # `running` is in order of admission
        if self._reading is None:
            self._reading = request, [TinyKvCache() for _ in self.caches]
        own = self._reading[1]
        size = len(next_chunk(request, self.prefill_step))
        logits = prefill_chunk(self.model, request, own, self.prefill_step)
        if logits is None:
            self._on_step([RowWork(slot, Kind.PREFILL, request.id, size)])
            return
        for cache, one in zip(self.caches, own, strict=True):
            cache.add_request(one, slot)
        self._reading = None
        request.advance(RequestState.DECODING)
        self._give_tokens([slot], logits[None], size)
        # task 8.3 end

    def retire(self) -> None:
        """As on Day 7; and a request that ended before its prompt was read lets go of what it had read."""
        # task 8.3 begin
        if self._reading is not None and self._reading[0].is_finished:
            self._reading = None
        super().retire()
        # task 8.3 end


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
    # task 8.4 begin
    gaps = {size: seconds + decode_seconds for size, seconds in chunk_seconds.items()}
    allowed = [size for size, gap in gaps.items() if gap <= max_gap]
    if not allowed:
        raise ValueError(
            f"no chunk size keeps gaps to {max_gap:g} s: the shortest is {min(gaps.values(), default=math.inf):g} s. "
            "Allow longer gaps, or offer smaller chunks"
        )
    return min(allowed, key=lambda size: (math.ceil(prompt_tokens / size) * gaps[size], size))
    # task 8.4 end
