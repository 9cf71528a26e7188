"""Day 15: from what was asked over HTTP to requests for the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from secrets import randbits, token_hex
from typing import Protocol

from tiny_batch_kit.model.tokenizer import Tokenizer
from tiny_batch_kit.server.schemas import ChatBody, CompletionBody
from tiny_batch_kit.server.wire import ChatWire, CompletionWire, Wire

from .answers import Answer, Engines
from .logprobs import ScoredSampling
from .refusals import Refusal, check_fields, check_length
from .request import Request
from .sampling import SamplingParams

Body = ChatBody | CompletionBody


class Promise(Protocol):
    """Whether a request can be served in the time that was promised (Day 14)."""

    def check(self, request: Request) -> None:
        """Raises a QueueFull with `retry_after`, in seconds, if not."""
        ...


class Service:
    """Answers what is asked. It knows nothing of HTTP, and nothing of threads."""

    def __init__(
        self,
        engines: Engines,
        tokenizer: Tokenizer,
        *,
        model: str,
        max_seq_len: int,
        promise: Promise | None = None,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: token_hex(12),
        new_seed: Callable[[], int] = lambda: randbits(64),
    ) -> None:
        """model: the name that it answers to. max_seq_len: the most tokens of a request, prompt and answer.

        now: seconds since 1970. new_id: a name that was never used. new_seed: for a body that has none.
        """
        self.engines, self.tokenizer, self.model, self.max_seq_len = engines, tokenizer, model, max_seq_len
        self.promise, self._now, self._new_id, self._new_seed = promise, now, new_id, new_seed

    async def begin(self, body: Body, prompt: Sequence[int]) -> Answer:
        """The answer to a body whose prompt has these tokens, once the engine has taken all of its requests.

        Everything that can be refused is refused here, in this order, and then no request is left in the engine: a
        model that is not this one (Refusal, status 404, param "model", code "model_not_found"), unknown fields, a
        prompt that is empty or too long; and what `promise`, if there is one, raises for any of the requests, and
        `engines`. All requests are submitted, in order, before any of them is waited for. A caller that is cancelled
        while waiting leaves no request behind, either.
        """
        raise NotImplementedError("Task 15.7: Service.begin: see book/src/day-15.md")

    def requests(self, body: Body, prompt: Sequence[int], name: str) -> list[Request]:
        """One request for each choice that a body wants, with the ids `name`-0, `name`-1, …

        Choice k draws with the seed + k, modulo 2**64; without a seed, `new_seed` gives one. temperature and top_p are
        1 if they are not given (None). Without a limit, or with a larger one, a body gets all the room that there is.
        All but the first are samples of the first. If log-probabilities are wanted (`body.scored`), the sampling is a
        ScoredSampling.
        """
        raise NotImplementedError("Task 15.7: Service.requests: see book/src/day-15.md")

    def _wire(self, body: Body, name: str) -> Wire:
        """How this answer is written out."""
        kind, prefix = (ChatWire, "chatcmpl-") if isinstance(body, ChatBody) else (CompletionWire, "cmpl-")
        created, scored = int(self._now()), body.scored is not None
        return kind(f"{prefix}{name}", created, self.model, self.tokenizer, scored, body.include_usage)
