"""Text to token ids and back: what a tokenizer must do, and the byte tokenizer of the tiny model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

Message = Mapping[str, str]
"""One turn of a talk: {"role": "system", "user" or "assistant", "content": its text}."""


class Tokenizer(Protocol):
    """What the course asks of a tokenizer."""

    @property
    def eos_token_id(self) -> int:
        """The token that usually ends an answer."""

    @property
    def eos_token_ids(self) -> frozenset[int]:
        """All tokens that end an answer."""

    def encode(self, text: str) -> list[int]:
        """The token ids of a text, with nothing added in front or behind."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, without special tokens."""

    def chat(self, user: str, system: str | None = None) -> list[int]:
        """The token ids of a question, written as the model's chat template wants it, ready to be answered."""

    def turn(self, user: str) -> list[int]:
        """The token ids of a further question, from the end of the last answer on, ready to be answered."""

    def talk(self, messages: Sequence[Message]) -> list[int]:
        """The token ids of a whole talk in the model's chat template, ready to be answered.

        ValueError if the template refuses it: some want user and assistant by turns.
        """


class ByteTokenizer:
    """One token a byte of UTF-8, and two more: 256 starts a text, 257 ends it."""

    bos_token_id = 256
    eos_token_id = 257
    eos_token_ids = frozenset({257})

    def encode(self, text: str) -> list[int]:
        """The bytes of the text."""
        return list(text.encode("utf-8"))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of the bytes; what is not UTF-8 becomes "\N{REPLACEMENT CHARACTER}"."""
        return bytes(i for i in ids if i < 256).decode("utf-8", errors="replace")

    def chat(self, user: str, system: str | None = None) -> list[int]:
        """The start, the system text and a line break if there is one, the question and a line break."""
        text = f"{system}\n{user}\n" if system else f"{user}\n"
        return [self.bos_token_id, *self.encode(text)]

    def turn(self, user: str) -> list[int]:
        """A line break, the question and a line break."""
        return self.encode(f"\n{user}\n")

    def talk(self, messages: Sequence[Message]) -> list[int]:
        """The start, and each message with a line break behind it."""
        return [self.bos_token_id, *self.encode("".join(f"{each['content']}\n" for each in messages))]


class BpeTokenizer:
    """A `tokenizers.Tokenizer` with a chat template in Jinja."""

    def __init__(self, tokenizer: Any, template: str, eos_token_id: int, special_tokens: dict[str, str]) -> None:
        """special_tokens: names that the template may use, such as bos_token, and their text."""
        self._tokenizer, self._template, self._special_tokens = tokenizer, template, special_tokens
        self.eos_token_id = eos_token_id
        self.eos_token_ids = frozenset({eos_token_id})

    def encode(self, text: str) -> list[int]:
        """The token ids of the text; special tokens that are written out in it become themselves."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of the ids, without special tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def chat(self, user: str, system: str | None = None) -> list[int]:
        """The question in the model's chat template, up to where the answer begins."""
        messages = [{"role": "system", "content": system}] if system else []
        return self.encode(self._rendered([*messages, {"role": "user", "content": user}]))

    def turn(self, user: str) -> list[int]:
        """What the chat template writes behind an answer, with the question in it."""
        return self.encode(self._rendered(_talk(user)).rpartition(_ANSWER)[2])

    def talk(self, messages: Sequence[Message]) -> list[int]:
        """The messages in the model's chat template, up to where the answer begins."""
        return self.encode(self._rendered(messages))

    def save(self, folder: Path) -> None:
        """Write it as files that transformers reads: tokenizer.json and tokenizer_config.json."""
        self._tokenizer.save(str(folder / "tokenizer.json"))
        ends = self._tokenizer.id_to_token(self.eos_token_id)
        config = {"tokenizer_class": "PreTrainedTokenizerFast", **self._special_tokens, "eos_token": ends}
        text = json.dumps({**config, "chat_template": self._template}, indent=1)
        (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")

    def _rendered(self, messages: Sequence[Message]) -> str:
        """What the template makes of messages. It came with the model and is not trusted: it runs in a sandbox."""
        from jinja2 import TemplateError  # 50 ms that loading for tests need not pay
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(self._template)
        template.globals["raise_exception"] = _refuse
        try:
            return str(template.render(messages=messages, add_generation_prompt=True, **self._special_tokens))
        except TemplateError as error:
            raise ValueError(f"the model's chat template refuses these messages: {error}") from error


class HubTokenizer:
    """A tokenizer that came with a Hugging Face model, as mlx-lm wraps it."""

    def __init__(self, wrapped: Any) -> None:
        """wrapped: mlx-lm's TokenizerWrapper."""
        self._wrapped = wrapped
        self.eos_token_id = int(wrapped.eos_token_id)
        self.eos_token_ids = frozenset(int(i) for i in wrapped.eos_token_ids) | {self.eos_token_id}

    def encode(self, text: str) -> list[int]:
        """The token ids of the text; special tokens that are written out in it become themselves."""
        return list(self._wrapped.encode(text, add_special_tokens=False))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of the ids, without special tokens."""
        return str(self._wrapped.decode(list(ids), skip_special_tokens=True))

    def chat(self, user: str, system: str | None = None) -> list[int]:
        """The question in the model's chat template; a model without one gets the bare text."""
        if not self._wrapped.has_chat_template:
            return self.encode(f"{system}\n{user}" if system else user)
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": user})
        text = self._wrapped.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return self.encode(text)

    def turn(self, user: str) -> list[int]:
        """What the chat template writes behind an answer, with the question in it; without one, the bare text."""
        if not self._wrapped.has_chat_template:
            return self.encode(f"\n{user}\n")
        text = self._wrapped.apply_chat_template(_talk(user), tokenize=False, add_generation_prompt=True)
        return self.encode(text.rpartition(_ANSWER)[2])

    def talk(self, messages: Sequence[Message]) -> list[int]:
        """The messages in the chat template, which transformers runs in a sandbox; without one, the bare texts."""
        if not self._wrapped.has_chat_template:
            return self.encode("".join(f"{each['content']}\n" for each in messages))
        from jinja2 import TemplateError

        try:
            text = self._wrapped.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        except TemplateError as error:
            raise ValueError(f"the model's chat template refuses these messages: {error}") from error
        return self.encode(text)


def _refuse(message: str) -> None:
    """What templates call to refuse a talk."""
    raise ValueError(f"the model's chat template refuses these messages: {message}")


_ANSWER = "\N{WHITE SQUARE}answer\N{WHITE SQUARE}"  # stands for an answer, to be found again in what a template made


def _talk(user: str) -> list[Message]:
    return [
        {"role": "user", "content": "question"},
        {"role": "assistant", "content": _ANSWER},
        {"role": "user", "content": user},
    ]
