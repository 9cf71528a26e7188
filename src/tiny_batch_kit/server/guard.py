"""The doors: who may come in, and with how much. Plain ASGI, around everything else."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
OPEN = frozenset({"/", "/page.css", "/page.js", "/health"})
"""What needs no key: the page itself shows nothing without one."""


@dataclass(frozen=True)
class Rules:
    """hosts: names by which the server may be called, without a port; None: any. api_key: None: nobody needs one.

    max_body: bytes. body_seconds: within which a body must be here.
    """

    hosts: Collection[str] | None = None
    api_key: str | None = None
    max_body: int = 1 << 20
    body_seconds: float = 10.0


class Guard:
    """Refuses what breaks a rule, in OpenAI's shape, before the app sees it."""

    def __init__(self, app: App, rules: Rules, refused: Callable[[int], None] = lambda status: None) -> None:
        self.app, self.rules, self._refused = app, rules, refused
        self._key = None if rules.api_key is None else _digest(rules.api_key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        problem = self._host(headers) or self._authorised(scope["path"], headers) or self._kind(scope, headers)
        if problem is None and scope["method"] == "POST":
            try:
                body = await self._body(receive, headers)
            except _Refused as refused:
                problem = refused.args
            else:
                if body is None:  # gone before it had said what it wants
                    return
                receive = _replay(body, receive)
        if problem is not None:
            self._refused(problem[0])
            await _refuse(send, *problem)
            return
        await self.app(scope, receive, _with_headers(send))

    def _host(self, headers: Mapping[str, str]) -> tuple[int, str, str] | None:
        """A page from anywhere may have its name point to 127.0.0.1, and talk to us from a browser: its Host tells."""
        if self.rules.hosts is None:
            return None
        host = headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name.lower() in self.rules.hosts:
            return None
        return 403, "this server is not known by the name in the Host header: see --allow-host", "host_not_allowed"

    def _authorised(self, path: str, headers: Mapping[str, str]) -> tuple[int, str, str] | None:
        if self._key is None or path in OPEN:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(_digest(given.strip()), self._key)  # as long for any wrong key
        if scheme.lower() == "bearer" and right:
            return None
        return 401, "give the server's API key: Authorization: Bearer ...", "invalid_api_key"

    def _kind(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str, str] | None:
        """JSON only: a form on a stranger's page can post anything else without being asked."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] != "POST" or kind == "application/json":
            return None
        return 415, "send JSON, and say so: Content-Type: application/json", "unsupported_media_type"

    async def _body(self, receive: Receive, headers: Mapping[str, str]) -> bytes | None:
        """The whole body; None if the client left before its end. Raises _Refused if it is too large or too late."""
        limit = self.rules.max_body
        said = headers.get("content-length", "0")
        if said.isascii() and said.isdecimal() and int(said[:20]) > limit:
            raise _Refused(413, f"a body may have {limit} bytes", "body_too_large")
        body = bytearray()
        try:
            async with asyncio.timeout(self.rules.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > limit:
                        raise _Refused(413, f"a body may have {limit} bytes", "body_too_large")
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise _Refused(408, "the body did not come in time", "body_too_late") from None


class _Refused(Exception):
    """(status, message, code)."""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body at once, and then whatever comes."""
    given = False

    async def replayed() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


_SAFE = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer")]


def _with_headers(send: Send) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_SAFE]
        await send(message)

    return sent


async def _refuse(send: Send, status: int, message: str, code: str) -> None:
    kind = "authentication_error" if status == 401 else "invalid_request_error"
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_SAFE]
    headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []
    headers += [(b"connection", b"close")] if status in (408, 413) else []  # the rest of the body is not waited for
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
