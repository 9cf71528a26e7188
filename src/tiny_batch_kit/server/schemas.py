"""What may be asked, in OpenAI's words. A field of the wrong kind or size is refused here, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from tiny_batch_kit.model.tokenizer import Tokenizer

MOST_CHOICES = 16
MOST_TOP_LOGPROBS = 20


def _joined(content: Any) -> Any:
    """The text of a message: as it is, or the texts of its parts together. Raises ValueError for other parts."""
    if not isinstance(content, list):
        return content
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise ValueError('only parts like {"type": "text", "text": "..."} are supported')
    return "".join(part["text"] for part in content)


def _listed(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else stop


_TEXT = {"type": "string"}
_PART = {
    "type": "object",
    "properties": {"type": {"const": "text"}, "text": _TEXT},
    "required": ["type", "text"],
    "additionalProperties": False,
}
Text = Annotated[
    str, BeforeValidator(_joined), WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _PART}]}, "validation")
]
StopString = Annotated[str, Field(min_length=1, max_length=256)]
_STOP = {"type": "string", "minLength": 1, "maxLength": 256}
Stop = Annotated[
    list[StopString],
    BeforeValidator(_listed),
    Field(max_length=4),
    WithJsonSchema({"anyOf": [_STOP, {"type": "array", "items": _STOP, "maxItems": 4}]}, "validation"),
]
TokenId = Annotated[int, Field(ge=0, lt=2**31)]


def _prompt(prompt: Any) -> Any:
    """A prompt as a text or as token ids; a list of one prompt is that prompt. Raises ValueError for several."""
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str | list):
        prompt = prompt[0]
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, list) or any(isinstance(each, str | list) for each in prompt):
        raise ValueError(
            "give one prompt, as a string or as a list of token ids; several in one request are not supported"
        )
    if not all(type(each) is int and 0 <= each < 2**31 for each in prompt):
        raise ValueError("token ids are whole numbers of at least 0")
    return prompt


_IDS = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, "minItems": 1}
Prompt = Annotated[
    Any,
    BeforeValidator(_prompt),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, _IDS]}, "validation"),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StreamOptions(_Strict):
    """What a stream tells beside the answer."""

    include_usage: bool = False


class Message(_Strict):
    """One turn of a talk."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text
    name: str | None = None


class Body(BaseModel):
    """What both ways of asking have in common. Other fields are kept aside, to be judged one by one."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: str
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(1, ge=1, le=MOST_CHOICES)
    stop: Stop | None = None
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    temperature: float | None = Field(1.0, ge=0, le=2)
    top_p: float | None = Field(1.0, gt=0, le=1)

    @property
    def choices(self) -> int:
        """How many answers are wanted."""
        return self.n or 1

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with its usage."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def unknown(self) -> dict[str, Any]:
        """The fields that this server has no use for."""
        return self.model_extra or {}


class ChatBody(Body):
    """A body of /v1/chat/completions."""

    messages: list[Message] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1, le=2**31 - 1)
    max_completion_tokens: int | None = Field(None, ge=1, le=2**31 - 1)
    logprobs: bool | None = False
    top_logprobs: int | None = Field(None, ge=0, le=MOST_TOP_LOGPROBS)

    prompt_field: ClassVar[str] = "messages"

    @field_validator("max_completion_tokens")
    @classmethod
    def _one_limit(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("max_tokens") not in (None, value):
            raise ValueError("max_tokens says something else: give one of them")
        return value

    @field_validator("top_logprobs")
    @classmethod
    def _wants_logprobs(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value and not info.data.get("logprobs"):
            raise ValueError("logprobs must be true, too")
        return value

    @property
    def limit(self) -> int | None:
        """At most so many new tokens; None: as many as there is room for."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def scored(self) -> int | None:
        """Of how many likely tokens the log-probability is wanted beside each token's own; None: of none at all."""
        return (self.top_logprobs or 0) if self.logprobs else None

    def prompt_ids(self, tokenizer: Tokenizer) -> list[int]:
        """The prompt's tokens. ValueError if the model's chat template refuses these messages."""
        return tokenizer.talk([{"role": each.role, "content": each.content} for each in self.messages])


class CompletionBody(Body):
    """A body of /v1/completions."""

    prompt_field: ClassVar[str] = "prompt"

    prompt: Prompt
    max_tokens: int | None = Field(16, ge=1, le=2**31 - 1)
    logprobs: int | None = Field(None, ge=0, le=MOST_TOP_LOGPROBS)

    @property
    def limit(self) -> int | None:
        """At most so many new tokens; None: as many as there is room for."""
        return self.max_tokens

    @property
    def scored(self) -> int | None:
        """See ChatBody."""
        return self.logprobs

    def prompt_ids(self, tokenizer: Tokenizer) -> list[int]:
        """The prompt's tokens."""
        prompt: str | Sequence[int] = self.prompt
        return tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)
