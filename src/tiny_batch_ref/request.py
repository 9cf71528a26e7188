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
    # task 4.1 begin
    waiting, prefilling, decoding, finished = RequestState
    table = {
        waiting: {prefilling, finished},
        prefilling: {decoding, waiting, finished},
        decoding: {waiting, finished},
        finished: set[RequestState](),
    }
    return frozenset(table[state])
    # task 4.1 end


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
        # task 4.2 begin
        seen = self._decode(self._tokens[self._context :])
        whole = seen.rstrip(UNFINISHED)
        new = whole[self._taken :]
        self._taken = max(self._taken, len(whole))
        if whole == seen:  # all is whole: what was settled before is context enough for what comes
            self._context, self._settled = self._settled, len(self._tokens)
            self._taken = len(self._decode(self._tokens[self._context : self._settled]))
        return new
        # task 4.2 end

    def _release(self, new: str, last: bool = False) -> str:
        """Append `new` to the text, end it before the first stop string to be complete, and return the safe part.

        Text is safe if it can't be the beginning of a stop string; all is, once `stopped` or if no more comes (`last`).
        If two stop strings are complete with the same character, the one that began first counts.
        """
        # task 4.2 begin
        begin = max(0, len(self.text) - max(map(len, self._stop), default=0) + 1)
        self.text += new
        found = [(at + len(stop), at) for stop in self._stop if (at := self.text.find(stop, begin)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(found)[1]], True
        safe = len(self.text) - (0 if last or self.stopped else self._pending())
        shown, self._shown = self._shown, max(self._shown, safe)
        return self.text[shown : self._shown]
        # task 4.2 end

    def _pending(self) -> int:
        """How many characters at the end of the text may be the beginning of a stop string: the longest such end."""
        # task 4.2 begin
        longest = max(map(len, self._stop), default=0)
        for length in range(min(longest - 1, len(self.text)), 0, -1):
            if any(stop.startswith(self.text[-length:]) for stop in self._stop):
                return length
        return 0
        # task 4.2 end


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
        # task 4.1 begin
        if state not in successors(self.state):
            allowed = ", ".join(sorted(each.value for each in successors(self.state))) or "nothing"
            raise IllegalTransition(
                f"request {self.id} is {self.state.value} and can't become {state.value}: after that comes {allowed}"
            )
        self.state = state
        # task 4.1 end
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
        # task 4.2 begin
        if self.state is not RequestState.DECODING:
            raise IllegalTransition(f"request {self.id} is {self.state.value}: only a decoding request gets tokens")
        if token in self.eos_token_ids:
            return self.finish(FinishReason.EOS)
        self.tokens.append(token)
        self.token_times.append(self._clock.now())
        text = self._answer.add(token)
        if self._answer.error is not None:
            return text + self.finish(FinishReason.ERROR, self._answer.error)
        if self._answer.stopped:
            return text + self.finish(FinishReason.STOP)
        if len(self.tokens) == self.max_tokens:
            return text + self.finish(FinishReason.LENGTH)
        return text
        # task 4.2 end

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
        # task 4.3 begin
        return None if self.started is None else self.started - self.arrived
        # task 4.3 end

    @property
    def ttft(self) -> float | None:
        """Time to first token: seconds from the arrival to the first token; None without a token."""
        # task 4.3 begin
        return self.token_times[0] - self.arrived if self.token_times else None
        # task 4.3 end

    @property
    def tpot(self) -> float | None:
        """Time per output token: mean seconds from one token to the next; None with fewer than two."""
        # task 4.3 begin
        if len(self.token_times) < 2:
            return None
        return (self.token_times[-1] - self.token_times[0]) / (len(self.token_times) - 1)
        # task 4.3 end

    @property
    def worst_gap(self) -> float | None:
        """The longest pause between two tokens in a row, in seconds; None with fewer than two."""
        # task 4.3 begin
        return max((after - before for before, after in pairwise(self.token_times)), default=None)
        # task 4.3 end

    @property
    def latency(self) -> float | None:
        """End-to-end latency: seconds from the arrival to the end; None while it has not ended."""
        # task 4.3 begin
        return None if self.finished is None else self.finished - self.arrived
        # task 4.3 end
