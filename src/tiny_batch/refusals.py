"""Day 15: saying no: early, in OpenAI's words, with the field's name, and the time to come back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .bridge import EngineDown, ShuttingDown
from .plan import QueueFull
from .stream import TooSlow

HARMLESS = frozenset({"user", "metadata", "store", "safety_identifier", "prompt_cache_key", "service_tier"})
"""Fields of OpenAI's API that do not affect the answer: they may have any value."""

NEUTRAL: Mapping[str, Sequence[object]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "modalities": (["text"],),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
}
"""Fields of OpenAI's API that this server can't do, with the values that ask for nothing; None does so in any field."""

LONGEST_WAIT = 3600
"""No Retry-After is longer, in seconds: a longer promise would be a guess."""


class EngineFailed(RuntimeError):
    """The engine broke while it worked on this request."""


class Refusal(ValueError):
    """A request that gets an error instead of an answer.

    status: of HTTP. param: the field that is the reason. code: the reason, for programs. retry_after: seconds after
    which it is worth another try.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.param, self.code, self.retry_after = param, code, retry_after

    @property
    def headers(self) -> dict[str, str]:
        """`Retry-After`, if there is a time to wait; else none."""
        raise NotImplementedError("Task 15.4: Refusal.headers: see book/src/day-15.md")

    def body(self) -> dict[str, dict[str, Any]]:
        """OpenAI's shape of an error: {"error": {"message", "type", "param", "code"}}, all four always there.

        The type is "rate_limit_error" for status 429, "authentication_error" for 401, "server_error" from 500 on, and
        "invalid_request_error" for all others.
        """
        raise NotImplementedError("Task 15.4: Refusal.body: see book/src/day-15.md")


def field_name(place: Sequence[str | int]) -> str | None:
    """A place in a body as OpenAI writes it: ("messages", 0, "role") is messages[0].role. None for the whole body."""
    raise NotImplementedError("Task 15.4: field_name: see book/src/day-15.md")


def check_fields(unknown: Mapping[str, object]) -> None:
    """Refuse what would be ignored. unknown: the fields of a body that this server has no use for, with their values.

    A field that is None, one that is HARMLESS, and one that has a NEUTRAL value change nothing: they pass. For the
    first other one: a Refusal with status 400 that names it in `param` and in the message; its code is
    "unsupported_parameter" if it is one of NEUTRAL, and "unknown_parameter" if not.
    """
    raise NotImplementedError("Task 15.4: check_fields: see book/src/day-15.md")


def check_length(tokens: int, max_seq_len: int, param: str) -> None:
    """Refuse a prompt of that many tokens if it is empty, or leaves no room for a new one in `max_seq_len`.

    A Refusal with status 400 that names `param`, the field that holds the prompt; of one that is too long, the message
    has both numbers, and the code is "context_length_exceeded".
    """
    raise NotImplementedError("Task 15.4: check_length: see book/src/day-15.md")


def as_refusal(error: BaseException) -> Refusal:
    """What a client is told of an error, whatever it is.

    A Refusal is itself. Otherwise the message is the error's text, with status and code of:
    QueueFull: 429 "queue_full"; it says when to come back: `retry_after` as `wait_time` makes it of the error's own
    `retry_after`, an attribute that it may not have. ShuttingDown: 503 "shutting_down". EngineDown: 503 "engine_down".
    Both: retry after 1 s. EngineFailed: 500 "engine_failed". TooSlow: 408 "too_slow". Any other ValueError: 400, no
    code. Anything else: 500 "internal_error"; its text is for the log, not for strangers, and is not in the message.
    """
    raise NotImplementedError("Task 15.4: as_refusal: see book/src/day-15.md")


def wait_time(seconds: float | None) -> int:
    """Whole seconds for Retry-After: `seconds` rounded up, but at least 1 and at most LONGEST_WAIT.

    1 if it is None or no number (NaN).
    """
    raise NotImplementedError("Task 15.4: wait_time: see book/src/day-15.md")
