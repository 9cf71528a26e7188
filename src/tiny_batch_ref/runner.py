"""Day 9: what carries out a plan. One runner has a model; a simulator has a clock and a price list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import mlx.core as mx

from tiny_batch_kit.model.qwen2 import Attend, Qwen2

from .packed_attention import PackedKvCache, packed_attend
from .packing import Packed, pack
from .plan import StepPlan, Work
from .sampling import sample_batch


class Runner(Protocol):
    """Anything that can carry out a plan."""

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        """Carry out a plan. Returns the new tokens of each request whose work wants some, by id."""
        ...


class MlxRunner:
    """Runs plans on a model: one forward pass per plan, however its tokens are mixed."""

    def __init__(self, model: Qwen2, *, max_running: int, max_seq_len: int) -> None:
        """A runner for a scheduler with these limits; allocates all that it will ever need."""
        c = model.config
        self.model = model
        self.caches = [
            PackedKvCache(max_running, c.num_kv_heads, max_seq_len, c.head_dim, model.dtype)
            for _ in range(c.num_layers)
        ]

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        """See Runner. Only the tokens that want it pay for the vocabulary."""
        packed = pack(plan)
        hidden = self.model(packed.tokens, packed.positions, at_once(self.attend(packed, plan)))
        wanting = [work for work in [*packed.rows, *packed.segments] if work.wanted]
        if not wanting:
            mx.eval(hidden)
            return {}
        return self.choose(self.model.logits(hidden[packed.wanted]), wanting)

    def choose(self, logits: mx.array, wanting: Sequence[Work]) -> Mapping[str, Sequence[int]]:
        """The new tokens of each work, by its request's id.

        logits: (W, V), `wanted` rows of each work, in order. Here each has one, and gets one token.
        """
        positions = [work.start + len(work.tokens) for work in wanting]
        sampled = cast(list[int], sample_batch(logits, [work.sampling for work in wanting], positions).tolist())
        return {work.request_id: [token] for work, token in zip(wanting, sampled, strict=True)}

    def attend(self, packed: Packed, plan: StepPlan) -> Attend:
        """How the tokens of a plan attend: here, each request's to its slot."""
        return packed_attend(packed, self.caches)


def at_once(attend: Attend) -> Attend:
    """The same, but MLX starts each layer while Python still describes the next, instead of waiting for the whole."""

    def started(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        out = attend(layer, q, k, v)
        mx.async_eval(out)  # type: ignore[no-untyped-call]
        return out

    return started
