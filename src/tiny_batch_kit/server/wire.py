"""OpenAI's shapes of an answer, whole or in chunks, for chats and for bare completions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from tiny_batch_kit.model.tokenizer import Tokenizer

Json = dict[str, Any]


class Score(Protocol):
    """A token's log-probability, and those of the likeliest tokens."""

    @property
    def token(self) -> int:
        """Its number."""
        ...

    @property
    def logprob(self) -> float:
        """Its own."""
        ...

    @property
    def top(self) -> Sequence[tuple[int, float]]:
        """The likeliest tokens, with theirs."""
        ...


def usage(prompt: int, completion: int, cached: int) -> Json:
    """How many tokens were read, made, and found in the cache."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


@dataclass
class Wire:
    """The shapes of one answer. created: seconds since 1970. usage_follows: whether chunks have a place for usage."""

    id: str
    created: int
    model: str
    tokenizer: Tokenizer
    scored: bool = False
    usage_follows: bool = False
    _offsets: dict[int, int] = field(default_factory=dict)

    whole_name: ClassVar[str]
    chunk_name: ClassVar[str]

    def whole(self, choices: Sequence[Json], used: Json) -> Json:
        """A whole answer."""
        return {**self._head(self.whole_name), "choices": list(choices), "usage": used}

    def chunk(self, index: int, text: str, scores: Sequence[Score] = (), finish: str | None = None) -> Json:
        """A chunk with some text of the choice `index`, with its end if `finish` is given."""
        return self._chunk([self._part(index, text, scores, finish)], None)

    def last(self, used: Json) -> Json:
        """The chunk behind all others, with the usage and no choice."""
        return self._chunk([], used)

    def opening(self, index: int) -> Json | None:
        """What comes before a choice's first text, if anything."""
        return None

    def choice(self, index: int, text: str, scores: Sequence[Score], finish: str) -> Json:
        """A choice of a whole answer."""
        raise NotImplementedError

    def _part(self, index: int, text: str, scores: Sequence[Score], finish: str | None) -> Json:
        raise NotImplementedError

    def _head(self, name: str) -> Json:
        return {"id": self.id, "object": name, "created": self.created, "model": self.model}

    def _chunk(self, choices: Sequence[Json], used: Json | None) -> Json:
        place = {"usage": used} if self.usage_follows else {}
        return {**self._head(self.chunk_name), "choices": list(choices), **place}

    def _token(self, token: int) -> str:
        return self.tokenizer.decode([token])


class ChatWire(Wire):
    """The shapes of /v1/chat/completions."""

    whole_name, chunk_name = "chat.completion", "chat.completion.chunk"

    def opening(self, index: int) -> Json | None:
        """Who speaks."""
        delta = {"role": "assistant", "content": ""}
        return self._chunk([{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}], None)

    def choice(self, index: int, text: str, scores: Sequence[Score], finish: str) -> Json:
        """See Wire."""
        message = {"role": "assistant", "content": text, "refusal": None}
        return {"index": index, "message": message, "logprobs": self._logprobs(scores), "finish_reason": finish}

    def _part(self, index: int, text: str, scores: Sequence[Score], finish: str | None) -> Json:
        delta = {"content": text} if text or finish is None else {}
        logprobs = self._logprobs(scores) if scores else None
        return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}

    def _logprobs(self, scores: Sequence[Score]) -> Json | None:
        if not self.scored:
            return None
        content = []
        for score in scores:
            top = [self._entry(token, logprob) for token, logprob in score.top]
            content.append({**self._entry(score.token, score.logprob), "top_logprobs": top})
        return {"content": content, "refusal": None}

    def _entry(self, token: int, logprob: float) -> Json:
        text = self._token(token)
        known = None if "\N{REPLACEMENT CHARACTER}" in text else list(text.encode())
        return {"token": text, "logprob": logprob, "bytes": known}


class CompletionWire(Wire):
    """The shapes of /v1/completions."""

    whole_name = chunk_name = "text_completion"

    def choice(self, index: int, text: str, scores: Sequence[Score], finish: str) -> Json:
        """See Wire."""
        return self._part(index, text, scores, finish)

    def _part(self, index: int, text: str, scores: Sequence[Score], finish: str | None) -> Json:
        return {"index": index, "text": text, "logprobs": self._logprobs(index, scores), "finish_reason": finish}

    def _logprobs(self, index: int, scores: Sequence[Score]) -> Json | None:
        if not self.scored or not scores:
            return None
        tokens = [self._token(score.token) for score in scores]
        offsets, at = [], self._offsets.get(index, 0)
        for token in tokens:
            offsets.append(at)
            at += len(token)
        self._offsets[index] = at
        return {
            "tokens": tokens,
            "token_logprobs": [score.logprob for score in scores],
            "top_logprobs": [{self._token(token): logprob for token, logprob in score.top} for score in scores],
            "text_offset": offsets,
        }
