"""An open-loop load generator for any server with OpenAI's API.

A request is sent when it is due, whether or not the server has answered those before it; and its latency counts from
that moment, even if it left late. A generator that waits for answers asks less of a slow server, and so flatters it
(the "coordinated omission" of Gil Tene).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.serving.prompts import sample


@dataclass(frozen=True)
class Shot:
    """A request that is due `at` so many seconds."""

    at: float
    messages: Sequence[Mapping[str, str]]
    max_tokens: int


@dataclass
class Shown:
    """What came of a shot, in seconds from the start. times: of each chunk with text. error: "" if all is well.

    tokens: as the server counts them; if it does not say, as many as there were chunks.
    """

    due: float
    sent: float = 0.0
    times: list[float] = field(default_factory=list)
    ended: float = 0.0
    tokens: int = 0
    error: str = ""

    @property
    def ttft(self) -> float:
        """From when it was due to its first text."""
        return self.times[0] - self.due

    @property
    def latency(self) -> float:
        """From when it was due to its end."""
        return self.ended - self.due

    @property
    def gap(self) -> float:
        """The longest pause between two chunks."""
        return max((after - before for before, after in pairwise(self.times)), default=0.0)


def poisson(count: int, rate: float, max_tokens: int | None = None, seed: int = 0) -> list[Shot]:
    """The demo's prompts, `rate` a second on average, at random moments; all at once if rate is infinite."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, count) if np.isfinite(rate) else np.zeros(count)
    at = np.cumsum(gaps) - gaps[0]
    return [
        Shot(float(when), _chat(prompt.text), min(prompt.max_tokens, max_tokens or prompt.max_tokens))
        for when, prompt in zip(at, sample(count), strict=True)
    ]


def read_trace(path: Path) -> list[Shot]:
    """Shots from a file of JSON lines: {"at": seconds, "prompt": text or "messages": [...], "max_tokens": number}.

    KitError, with the line's number, for one that is not like that.
    """
    shots = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KitError(f"The trace {path} can't be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            messages = data["messages"] if "messages" in data else _chat(data["prompt"])
            shots.append(Shot(float(data["at"]), messages, int(data.get("max_tokens", 64))))
        except (ValueError, KeyError, TypeError) as error:
            wanted = '{"at": 0.5, "prompt": "Hello", "max_tokens": 32}'
            raise KitError(f"{path}:{number} is no request ({error!r}): expected a line like {wanted}.") from error
    if not shots:
        raise KitError(f"The trace {path} holds no request.")
    return sorted(shots, key=lambda shot: shot.at)


def _chat(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@dataclass(frozen=True)
class Target:
    """A server: its address, as http://host:port or with /v1 behind it; the model to ask for; a key if it wants one."""

    url: str
    model: str
    api_key: str | None = None
    timeout: float = 600.0

    @property
    def root(self) -> str:
        """The address with /v1."""
        address = self.url.rstrip("/")
        return address if address.endswith("/v1") else f"{address}/v1"

    def client(self) -> httpx2.AsyncClient:
        """A client without a limit on connections: a limit would make requests wait here, unseen."""
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
        return httpx2.AsyncClient(headers=headers, limits=limits, timeout=self.timeout, trust_env=False)


async def first_model(url: str, api_key: str | None = None) -> str:
    """The first model that a server names. KitError if there is no such server, or it names none."""
    target = Target(url, "", api_key, timeout=10)
    try:
        async with target.client() as client:
            answer = await client.get(f"{target.root}/models")
            return str(answer.raise_for_status().json()["data"][0]["id"])
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, LookupError, TypeError) as error:
        raise KitError(f"{target.root}/models says nothing of use ({error!r}): is there a server?") from error


async def fire(target: Target, shots: Sequence[Shot], shown: Callable[[int], None] = lambda done: None) -> list[Shown]:
    """Send each shot when it is due, and wait for all of them. shown: hears how many are done."""
    loop, done = asyncio.get_running_loop(), 0
    results = [Shown(shot.at) for shot in shots]
    async with target.client() as client:
        start = loop.time()

        async def one(shot: Shot, result: Shown) -> None:
            nonlocal done
            result.sent = loop.time() - start
            try:
                async for tokens in _stream(client, target, shot):
                    result.times.append(loop.time() - start)
                    result.tokens = tokens
            except (httpx2.HTTPError, _Told) as error:
                result.error = str(error) or type(error).__name__
            result.ended = loop.time() - start
            result.error = result.error or ("" if result.times else "no text")
            done += 1
            shown(done)

        async with asyncio.TaskGroup() as group:
            for shot, result in zip(shots, results, strict=True):
                await asyncio.sleep(start + shot.at - loop.time())
                group.create_task(one(shot, result))
    return results


class _Told(Exception):
    """The server said that it can't."""


async def _stream(client: httpx2.AsyncClient, target: Target, shot: Shot) -> AsyncIterator[int]:
    """How many tokens there are so far, at each chunk with text; raises _Told for an error in any of its shapes."""
    body = {
        "model": target.model,
        "messages": list(shot.messages),
        "max_tokens": shot.max_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    chunks = 0
    async with client.stream("POST", f"{target.root}/chat/completions", json=body) as answer:
        if answer.status_code != 200:
            raise _Told(f"status {answer.status_code}")
        async for line in answer.aiter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            data = json.loads(line[6:])
            if "error" in data:
                raise _Told(f"error {data['error'].get('code') or 'in the stream'}")
            if any(choice.get("delta", {}).get("content") for choice in data.get("choices", ())):
                chunks += 1
                yield chunks
            elif data.get("usage") and chunks:
                yield int(data["usage"]["completion_tokens"])


def summary(results: Sequence[Shown]) -> dict[str, Any]:
    """What came of it: counts, tokens a second, and percentiles in seconds of those that were answered."""
    good = [each for each in results if not each.error]
    lasted = max((each.ended for each in results), default=0.0)

    def percentiles(values: Sequence[float]) -> dict[str, float]:
        return {f"p{share}": float(np.percentile(values, share)) for share in (50, 90, 99)} if values else {}

    return {
        "requests": len(results),
        "answered": len(good),
        "errors": dict(Counter(each.error for each in results if each.error)),
        "seconds": lasted,
        "tokens": sum(each.tokens for each in good),
        "tokens_per_second": sum(each.tokens for each in good) / lasted if lasted else 0.0,
        "ttft": percentiles([each.ttft for each in good]),
        "latency": percentiles([each.latency for each in good]),
        "worst_gap": percentiles([each.gap for each in good]),
        "sent_late": max((each.sent - each.due for each in results), default=0.0),
    }
