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
        # task 7.3 begin
        if any(request.id == other.id for other in [*self.waiting, *self.running.values()]):
            raise ValueError(f"there is a request {request.id!r} already: give each an id of its own")
        room = self.max_seq_len - len(request.prompt)
        if room < 1:
            raise ValueError(
                f"a prompt of {len(request.prompt)} tokens leaves no room in {self.max_seq_len}: shorten it"
            )
        limit = min(request.max_tokens, room)
        if len(request.prompt) + limit > self.max_batch_tokens:
            raise ValueError(
                f"{len(request.prompt)} prompt tokens and {limit} new ones are more than max_batch_tokens, "
                f"{self.max_batch_tokens}: ask for fewer"
            )
        request.max_tokens = limit
        self.waiting.append(request)
        # task 7.3 end

    def cancel(self, request_id: str) -> None:
        """End a request that waits or runs: it is then CANCELLED, and holds nothing any more.

        The text that it held back goes to `on_token`. Raises ValueError if no such request waits or runs.
        """
        # task 7.3 begin
        found = [each for each in [*self.waiting, *self.running.values()] if each.id == request_id]
        if not found:
            raise ValueError(f"no request {request_id!r} waits or runs")
        text = found[0].finish(FinishReason.CANCELLED)
        if found[0] in self.waiting:
            self.waiting.remove(found[0])
        self.retire()
        self._on_token(found[0], text)
        # task 7.3 end

    def admit(self) -> None:
        """Give slots to waiting requests, in order of arrival, while there are slots and `max_batch_tokens` allows it.

        Each becomes PREFILLING. One that does not fit yet is not overtaken: later ones wait behind it.
        """
        # task 7.3 begin
        while self.waiting:
            request = self.waiting[0]
            reserved = sum(_most_tokens(each) for each in self.running.values())
            if reserved + _most_tokens(request) > self.max_batch_tokens:
                return
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end

    def retire(self) -> None:
        """Free the slots of running requests that have finished, in the slot manager and in every layer's cache."""
        # task 7.3 begin
        for slot, request in list(self.running.items()):
            if request.is_finished:
                del self.running[slot]
                self.slots.free_slot(request.id)
                for cache in self.caches:
                    if cache.offsets[slot] is not None:
                        cache.remove_request(slot)
        # task 7.3 end

    def prefill(self) -> None:
        """Read the prompts of all PREFILLING requests, in order of admission, and give each its first token.

        A request becomes DECODING and moves into its slot, in every layer, before it gets the token; by then
        `num_computed_tokens` is the length of its prompt. One that a callback has cancelled meanwhile is not read.
        """
        # task 7.4 begin
        for slot, request in list(self.running.items()):
            if request.state is RequestState.PREFILLING:
                own, logits = prefill(self.model, request.prompt, self.prefill_step)
                for cache, one in zip(self.caches, own, strict=True):
                    cache.add_request(one, slot)
                request.num_computed_tokens = len(request.prompt)
                request.advance(RequestState.DECODING)
                self._give_tokens([slot], logits[None], len(request.prompt))
        # task 7.4 end

    def decode(self) -> None:
        """Give every DECODING request its next token, all in one forward pass; no pass if none decodes.

        `num_computed_tokens` of each grows by one.
        """
        # task 7.4 begin
        live = self.caches[0].live
        if not live:
            return
        newest = [self.running[slot].tokens[-1] if slot in live else None for slot in range(self.slots.max_slots)]
        logits = decode_step(self.model, newest, self.caches)
        for slot in live:
            self.running[slot].num_computed_tokens += 1
        self._give_tokens(live, logits)
        # task 7.4 end

    def step(self) -> None:
        """One iteration: admit, prefill, decode; a request that has finished leaves before the next forward pass."""
        # task 7.4 begin
        self.admit()
        self.prefill()
        self.retire()  # an answer can be over with its first token
        self.decode()
        self.retire()
        # task 7.4 end

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
