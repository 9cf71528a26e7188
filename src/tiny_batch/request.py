"""Day 4: a request's life, from the queue to its last character."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import Enum
from itertools import pairwise

from tiny_batch_kit.machine.clocks import Clock, WallClock

from .sampling import SamplingParams

Decode = Callable[[Sequence[int]], str]
UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what a tokenizer writes for bytes that are no whole character (yet)


class RequestState(Enum):
    """Where a request stands in its life."""

    WAITING = "waiting"  # in the queue: it holds nothing
    PREFILLING = "prefilling"  # its prompt is being read
    DECODING = "decoding"  # it gets a token a step
    FINISHED = "finished"  # for whatever reason; it holds nothing any more


class FinishReason(Enum):
    """Why a request has ended."""

    EOS = "eos"  # the model chose to end
    STOP = "stop"  # the text reached a stop string
    LENGTH = "length"  # the limit of new tokens
    CANCELLED = "cancelled"  # the caller gave up
    ERROR = "error"  # something broke, or the request was no good


class IllegalTransition(ValueError):
    """A request can't go from the state that it is in to the one that was asked for."""


def successors(state: RequestState) -> frozenset[RequestState]:
    """The states that may follow `state`.

    Anything that is not finished may finish at any moment, be it cancelled or broken. A request that is prefilling or
    decoding may be sent back to the queue, if its memory is needed for another.
    """
    raise NotImplementedError("Task 4.1: successors: see book/src/day-04.md")


class AnswerText:
    """The text of an answer while its tokens come, one by one: nothing is shown that might have to be taken back."""

    def __init__(self, decode: Decode | None, stop: Sequence[str] = ()) -> None:
        """decode: turns token ids into text; None: there is no text. stop: strings that end the answer."""
        self.text = ""  # without the stop string; what is not shown yet is in it
        self.stopped = False
        self.error: str | None = None  # what `decode` raised, such as `ValueError: no token 7`: no more text comes then
        self._given_decode = decode or (lambda tokens: "")
        self._stop = tuple(stop)
        self._tokens: list[int] = []
        self._context = 0  # decoding starts here: some tokens read differently behind others than at the beginning
        self._settled = 0  # the text of the tokens before this one is whole
        self._taken = 0  # characters from `_context` on that are in `text`
        self._shown = 0  # characters of `text` that were given to the caller

    def add(self, token: int) -> str:
        """Take the next token, and return the text that is safe to show now."""
        self._tokens.append(token)
        return self._release(self._new_text())

    def close(self) -> str:
        """Return what was held back: no more tokens come, so an unfinished stop string is just text."""
        if self.stopped:
            return ""
        rest = self._decode(self._tokens[self._context :])[self._taken :]
        self._taken += len(rest)
        return self._release(rest, last=True)

    def _decode(self, tokens: Sequence[int]) -> str:
        """What the given `decode` makes of some tokens. Once it has raised, it is not called again, and this is ""."""
        if self.error is None:
            try:
                return self._given_decode(tokens)
            except Exception as error:  # it is somebody else's, and may harm this one answer only
                self.error = f"{type(error).__name__}: {error}"
        return ""

    def _new_text(self) -> str:
        """The characters that are whole since the last token.

        The bytes of one character can be spread over several tokens: until the last of them is there, `decode` writes
        UNFINISHED for it. Decodes a few tokens only, however long the answer is.
        """
        raise NotImplementedError("Task 4.2: AnswerText._new_text: see book/src/day-04.md")

    def _release(self, new: str, last: bool = False) -> str:
        """Append `new` to the text, end it before the first stop string to be complete, and return the safe part.

        Text is safe if it can't be the beginning of a stop string; all is, once `stopped` or if no more comes (`last`).
        If two stop strings are complete with the same character, the one that began first counts.
        """
        raise NotImplementedError("Task 4.2: AnswerText._release: see book/src/day-04.md")

    def _pending(self) -> int:
        """How many characters at the end of the text may be the beginning of a stop string: the longest such end."""
        raise NotImplementedError("Task 4.2: AnswerText._pending: see book/src/day-04.md")


class Request:
    """One request: what was asked, how far it has got, and what it has been answered.

    Two requests with the same prompt are two requests: they are equal only if they are the same object.
    """

    def __init__(
        self,
        id: str,
        prompt: Sequence[int],
        max_tokens: int,
        *,
        eos_token_ids: Collection[int] = (),
        stop: Sequence[str] = (),
        sampling: SamplingParams | None = None,
        cache_salt: str = "",
        sample_of: str | None = None,
        decode: Decode | None = None,
        clock: Clock | None = None,
    ) -> None:
        """A request that waits.

        prompt: its token ids. max_tokens: the limit of new tokens. eos_token_ids: tokens that end the answer. stop:
        strings that end it. sampling: None takes the most likely tokens. cache_salt: only
        requests with the same salt may share stored keys and values (Day 11). sample_of: the id of a request with the
        same prompt, whose pages this one may begin with (Day 12). decode: turns token ids into text; None: there is no
        text. clock: where its times come from.
        Raises ValueError for an empty prompt, a limit below 1, an empty stop string, or stop strings without `decode`.
        """
        if not prompt:
            raise ValueError("the prompt is empty: a model needs at least one token to say what comes next")
        if max_tokens < 1:
            raise ValueError(f"max_tokens is {max_tokens}: a request wants at least 1 token")
        if "" in stop or (stop and decode is None):
            raise ValueError(
                f"stop strings {list(stop)} need at least one character each, and a `decode` to find them in"
            )
        self.id, self.prompt, self.max_tokens = id, list(prompt), max_tokens
        self.eos_token_ids, self.sampling = frozenset(eos_token_ids), sampling or SamplingParams()
        self.cache_salt, self.sample_of = cache_salt, sample_of
        self.state = RequestState.WAITING
        self.tokens: list[int] = []  # new ones, without EOS
        self.num_computed_tokens = 0  # prompt and new tokens with stored keys and values: kept by its batcher or engine
        self.finish_reason: FinishReason | None = None
        self.error: str | None = None
        self._answer = AnswerText(decode, stop)
        self._clock = clock or WallClock()
        self.arrived = self._clock.now()
        self.started: float | None = None  # when it first left the queue
        self.token_times: list[float] = []  # when each of `tokens` came
        self.finished: float | None = None

    @property
    def text(self) -> str:
        """The answer so far, without the stop string; its last characters may not have been shown yet."""
        return self._answer.text

    @property
    def is_finished(self) -> bool:
        """Whether the request has ended, for whatever reason."""
        return self.state is RequestState.FINISHED

    def advance(self, state: RequestState) -> None:
        """Go on to `state`.

        Raises IllegalTransition, and changes nothing, if `state` can't follow the present one; the message names the
        request and both states by their values, such as 'waiting'.
        """
        raise NotImplementedError("Task 4.1: Request.advance: see book/src/day-04.md")
        if state is RequestState.PREFILLING and self.started is None:
            self.started = self._clock.now()

    def append_token(self, token: int) -> str:
        """Take the token that was sampled for this request, and return the text that is safe to show now.

        Finishes the request with EOS if the token is one of `eos_token_ids`: it is not added to `tokens` or to the
        text. Otherwise the token counts, and finishes the request with ERROR and the answer's `error` if it now has
        one, else with STOP if the text now holds a stop string, else with LENGTH if it was the last that `max_tokens`
        allows.
        Raises IllegalTransition if the request is not decoding.
        """
        raise NotImplementedError("Task 4.2: Request.append_token: see book/src/day-04.md")

    def finish(self, reason: FinishReason, error: str | None = None) -> str:
        """End the request, and return the text that was held back until now. error: what broke, in words.

        An answer whose last text can't be decoded ends with ERROR, unless it was CANCELLED: then nobody misses it.
        Raises IllegalTransition if it has ended already: there is exactly one end.
        """
        self.advance(RequestState.FINISHED)
        text = self._answer.close()
        if self._answer.error is not None and reason is not FinishReason.CANCELLED:
            reason, error = FinishReason.ERROR, error or self._answer.error
        self.finish_reason, self.error, self.finished = reason, error, self._clock.now()
        return text

    @property
    def queue_time(self) -> float | None:
        """Seconds from the arrival until it first left the queue; None if that has not happened."""
        raise NotImplementedError("Task 4.3: Request.queue_time: see book/src/day-04.md")

    @property
    def ttft(self) -> float | None:
        """Time to first token: seconds from the arrival to the first token; None without a token."""
        raise NotImplementedError("Task 4.3: Request.ttft: see book/src/day-04.md")

    @property
    def tpot(self) -> float | None:
        """Time per output token: mean seconds from one token to the next; None with fewer than two."""
        raise NotImplementedError("Task 4.3: Request.tpot: see book/src/day-04.md")

    @property
    def worst_gap(self) -> float | None:
        """The longest pause between two tokens in a row, in seconds; None with fewer than two."""
        raise NotImplementedError("Task 4.3: Request.worst_gap: see book/src/day-04.md")

    @property
    def latency(self) -> float | None:
        """End-to-end latency: seconds from the arrival to the end; None while it has not ended."""
        raise NotImplementedError("Task 4.3: Request.latency: see book/src/day-04.md")
