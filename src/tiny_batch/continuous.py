"""Day 7: continuous batching. The unit is the step: requests join and leave between any two of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

import mlx.core as mx

from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

from .forward import decode_step, prefill
from .kv_cache import BatchingKvCache
from .request import FinishReason, Request, RequestState
from .sampling import sample_batch
from .slots import SlotManager

OnToken = Callable[[Request, str], None]
"""Called after each token that a request gets, EOS included, with the text that is safe to show now (often "")."""
OnStep = Callable[[list[RowWork]], None]
"""Called after each forward pass with what each slot did in it: what a timeline is made of."""


class ContinuousBatcher:
    """Serves requests that come and go: each step admits, prefills, decodes and retires.

    A request is in `waiting` (in order of arrival) or in `running` (by slot), never in both; soon after it has
    finished, it is in neither. A slot holds keys and values just from when its request is DECODING until it has left.
    """

    def __init__(
        self,
        model: Qwen2,
        *,
        max_seq_len: int = 512,
        batch_size: int = 5,
        prefill_step: int = 128,
        max_batch_tokens: int | None = None,
        on_token: OnToken | None = None,
        on_step: OnStep | None = None,
    ) -> None:
        """A batcher of `batch_size` slots, all free.

        max_seq_len: the most tokens of a request, prompt and answer. prefill_step: see `prefill`. max_batch_tokens: the
        most tokens that all running requests together may grow to; None: what the slots hold.
        Raises ValueError for a limit below 1.
        """
        budget = batch_size * max_seq_len if max_batch_tokens is None else max_batch_tokens
        if min(max_seq_len, batch_size, prefill_step, budget) < 1:
            raise ValueError(
                f"max_seq_len {max_seq_len}, batch_size {batch_size}, prefill_step {prefill_step}, "
                f"max_batch_tokens {max_batch_tokens}: give at least 1 of each"
            )
        self.model, self.max_seq_len, self.prefill_step, self.max_batch_tokens = (
            model,
            max_seq_len,
            prefill_step,
            budget,
        )
        self.waiting: deque[Request] = deque()
        self.running: dict[int, Request] = {}
        self.slots = SlotManager(batch_size)
        self.caches = [BatchingKvCache(batch_size, max_seq_len) for _ in range(model.config.num_layers)]
        self._on_token: OnToken = on_token or (lambda request, text: None)
        self._on_step: OnStep = on_step or (lambda rows: None)

    @property
    def has_work(self) -> bool:
        """Whether any request waits or runs."""
        return bool(self.waiting or self.running)

    def submit(self, request: Request) -> None:
        """Put a request at the end of the queue.

        Its `max_tokens` is lowered to what `max_seq_len` leaves behind its prompt. Raises ValueError, and changes
        nothing, if it could never be served: if its prompt leaves no room for a token, or if it needs more than
        `max_batch_tokens` by itself; and if another request with its id waits or runs.
        """
        raise NotImplementedError("Task 7.3: ContinuousBatcher.submit: see book/src/day-07.md")

    def cancel(self, request_id: str) -> None:
        """End a request that waits or runs: it is then CANCELLED, and holds nothing any more.

        The text that it held back goes to `on_token`. Raises ValueError if no such request waits or runs.
        """
        raise NotImplementedError("Task 7.3: ContinuousBatcher.cancel: see book/src/day-07.md")

    def admit(self) -> None:
        """Give slots to waiting requests, in order of arrival, while there are slots and `max_batch_tokens` allows it.

        Each becomes PREFILLING. One that does not fit yet is not overtaken: later ones wait behind it.
        """
        raise NotImplementedError("Task 7.3: ContinuousBatcher.admit: see book/src/day-07.md")

    def retire(self) -> None:
        """Free the slots of running requests that have finished, in the slot manager and in every layer's cache."""
        raise NotImplementedError("Task 7.3: ContinuousBatcher.retire: see book/src/day-07.md")

    def prefill(self) -> None:
        """Read the prompts of all PREFILLING requests, in order of admission, and give each its first token.

        A request becomes DECODING and moves into its slot, in every layer, before it gets the token; by then
        `num_computed_tokens` is the length of its prompt. One that a callback has cancelled meanwhile is not read.
        """
        raise NotImplementedError("Task 7.4: ContinuousBatcher.prefill: see book/src/day-07.md")

    def decode(self) -> None:
        """Give every DECODING request its next token, all in one forward pass; no pass if none decodes.

        `num_computed_tokens` of each grows by one.
        """
        raise NotImplementedError("Task 7.4: ContinuousBatcher.decode: see book/src/day-07.md")

    def step(self) -> None:
        """One iteration: admit, prefill, decode; a request that has finished leaves before the next forward pass."""
        raise NotImplementedError("Task 7.4: ContinuousBatcher.step: see book/src/day-07.md")

    def _give_tokens(self, slots: Sequence[int], logits: mx.array, prompt_tokens: int | None = None) -> None:
        """Sample a token for each of these slots' requests, and tell `on_step` and `on_token`.

        logits: (slots, V). prompt_tokens: how many tokens of a prompt the pass has read; None for a decode pass.
        """
        requests = [self.running[slot] for slot in slots]
        positions = [len(request.prompt) + len(request.tokens) for request in requests]
        sampled = cast(list[int], sample_batch(logits, [each.sampling for each in requests], positions).tolist())
        before = [len(request.tokens) for request in requests]
        texts = [request.append_token(token) for request, token in zip(requests, sampled, strict=True)]
        kind = Kind.DECODE if prompt_tokens is None else Kind.PREFILL
        rows = [
            RowWork(slot, kind, each.id, prompt_tokens or 1, len(each.tokens) - count)
            for slot, each, count in zip(slots, requests, before, strict=True)
        ]
        # A decode pass computes all rows, even those of free slots.
        free = set(range(self.slots.max_slots)) - set(slots) if kind is Kind.DECODE else ()
        self._on_step(rows + [RowWork(slot, Kind.WASTED) for slot in sorted(free)])
        # Every request has its token before any callback runs: one that raises or cancels harms no other request.
        for request, text in zip(requests, texts, strict=True):
            self._on_token(request, text)


def _most_tokens(request: Request) -> int:
    """The most tokens that a request may grow to: its prompt and all that it may still get."""
    return len(request.prompt) + request.max_tokens
