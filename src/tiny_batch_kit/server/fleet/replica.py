"""One replica: Day 15's server without its HTTP, in a process of its own. Ray Serve makes it and asks it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tiny_batch_kit.server.schemas import ChatBody, CompletionBody

Message = tuple[str, Any]
"""What a replica says of a request: "taken", each "chunk", last "whole", "end", "refused" or "broken", with JSON.

Plain data: an exception of the student's would not survive the way."""


@dataclass(frozen=True)
class Plan:
    """What a replica is made of. release: a new number makes new replicas, which read the student's files anew."""

    code: str
    model: str
    options: dict[str, Any]
    release: int = 0


class EngineReplica:
    """A student's engine and service. It imports nothing of Ray, and may be tried without it."""

    def __init__(self, plan: Plan) -> None:
        """Loads the model, on Ray's thread; the engine starts with the first call on the loop."""
        from dataclasses import replace

        from tiny_batch_kit.course import implementations
        from tiny_batch_kit.machine import blas

        blas.use_fast()
        implementations.install(plan.code)
        from tiny_batch_kit.model.checkpoints import load_checkpoint
        from tiny_batch_kit.model.tuned import tuned
        from tiny_batch_kit.server.build import Options, build

        checkpoint = load_checkpoint(plan.model)
        checkpoint = replace(checkpoint, model=tuned(checkpoint.model))
        self.plan = plan
        self._built = build(checkpoint, Options(**plan.options))
        self._refusals = implementations.load("refusals")
        self._open: dict[str, tuple[Any, int, int]] = {}  # answers, with their tokens: of the prompt, and in all
        self._watching: asyncio.Task[None] | None = None

    def _start(self) -> None:
        if self._watching is None:
            self._built.life.start()
            self._watching = asyncio.ensure_future(self._built.life.watch())

    async def answer(
        self, name: str, attempt: int, tokens: int, body: ChatBody | CompletionBody, prompt: list[int], whole: bool
    ) -> AsyncIterator[Message]:
        """What becomes of a request. Whoever stops to listen leaves nobody behind in the engine.

        name, attempt: for the router, which reads them on their way. tokens: of the prompt, and of all answers at most.
        """
        self._start()
        try:
            found = await self._built.service.begin(body, prompt)
        except Exception as error:
            yield self._said(error)
            return
        self._open[name] = (found, len(prompt), tokens)
        try:
            yield "taken", name
            if whole:
                yield "whole", await found.whole()
                return
            async for chunk in found.chunks():
                yield "chunk", chunk
            yield "end", None
        except Exception as error:
            yield self._said(error)
        finally:
            found.leave()
            del self._open[name]

    def _said(self, error: Exception) -> Message:
        refusal = self._refusals.as_refusal(error)
        names = ("status", "message", "param", "code", "retry_after")
        # What the caller did wrong is wrong everywhere; what broke here may go well elsewhere.
        return "broken" if refusal.status >= 500 else "refused", {name: getattr(refusal, name) for name in names}

    async def record_routing_stats(self) -> dict[str, Any]:
        """How it is: Ray asks every second, and brings it to all routers."""
        self._start()
        tokens = 0
        for found, prompt, all_tokens in self._open.values():
            made = found.usage()["completion_tokens"]
            tokens += max(0, all_tokens - (prompt + made if made else 0))
        return {
            "taken": time.time(),
            "requests": len(self._open),
            "tokens": tokens,
            "pid": os.getpid(),
            "release": self.plan.release,
        }

    async def check_health(self) -> None:
        """Ray replaces a replica of which this raises several times."""
        self._start()
        found = self._built.life.health()
        if not found.ok:
            raise RuntimeError(found.why)
