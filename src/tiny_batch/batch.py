"""Day 7: texts in, texts out: the function that a user of your batcher calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from tiny_batch_kit.machine.clocks import Clock, WallClock
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tokenizer import Tokenizer

from .continuous import ContinuousBatcher, OnStep, OnToken
from .request import FinishReason, Request
from .sampling import SamplingParams


@dataclass(frozen=True)
class Completion:
    """The result of a prompt: the text and its tokens, why it ended, and what was wrong, in words, if anything was.

    ttft and latency are in seconds; both are None for a refused prompt, and ttft for an answer without a token.
    """

    text: str
    tokens: list[int]
    finish_reason: FinishReason
    error: str | None = None
    ttft: float | None = None
    latency: float | None = None


def batch_generate(
    model: Qwen2,
    tokenizer: Tokenizer,
    prompts: Iterable[str | None],
    max_seq_len: int = 512,
    batch_size: int = 5,
    prefill_step: int = 128,
    *,
    max_tokens: int = 64,
    max_batch_tokens: int | None = None,
    sampling: SamplingParams | None = None,
    stop: Sequence[str] = (),
    on_token: OnToken | None = None,
    on_step: OnStep | None = None,
    clock: Clock | None = None,
    batcher_class: type[ContinuousBatcher] = ContinuousBatcher,
) -> list[Completion]:
    """Answer prompts with continuous batching; the results come in the prompts' order.

    prompts: texts, as they are. Before each step an iterator is asked until it gives None or ends; None means that
    no more are there right now, and the step goes ahead without. on_token gets requests whose ids are "0", "1",
    …, the places of their prompts. For the limits see `ContinuousBatcher`; `batcher_class` may be one built on it.
    A prompt that can't be served (no text, empty, too long) gets a Completion with ERROR and the reason, and the
    others are served. Raises ValueError for limits below 1, or if `prompts` is one text and not several.
    """
    if isinstance(prompts, str):
        raise ValueError("prompts is one text: give a list of texts, or an iterator over them")
    if max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}: give at least 1")
    batcher = batcher_class(
        model,
        max_seq_len=max_seq_len,
        batch_size=batch_size,
        prefill_step=prefill_step,
        max_batch_tokens=max_batch_tokens,
        on_token=on_token,
        on_step=on_step,
    )
    clock = clock or WallClock()

    def request_of(index: int, prompt: str) -> Request:
        if not isinstance(prompt, str):
            raise ValueError(f"prompt {index} is of type {type(prompt).__name__}: give a text")
        return Request(
            str(index),
            tokenizer.encode(prompt),
            max_tokens,
            eos_token_ids=tokenizer.eos_token_ids,
            stop=stop,
            sampling=sampling,
            decode=tokenizer.decode,
            clock=clock,
        )

    raise NotImplementedError("Task 7.5: batch_generate: see book/src/day-07.md")


def _enter(batcher: ContinuousBatcher, make_request: Callable[[], Request]) -> Request | Completion:
    """Make a request and submit it. Returns it, or a Completion with ERROR and the reason if that raises ValueError."""
    raise NotImplementedError("Task 7.5: _enter: see book/src/day-07.md")


def _completion(entered: Request | Completion) -> Completion:
    """The result of a prompt that entered, or its refusal as it is."""
    if isinstance(entered, Completion):
        return entered
    reason = entered.finish_reason or FinishReason.ERROR
    return Completion(entered.text, entered.tokens, reason, entered.error, entered.ttft, entered.latency)
