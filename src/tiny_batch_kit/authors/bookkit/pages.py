"""One page of the book: from what its author writes to what mdBook reads.

A line of its own:     {{#task 2.1}}   {{#days}}   {{#snippet PATH}}   {{#snippet PATH:SYMBOL}}
                       {{#figure FILE.svg | caption}}   {{#player day-02}}
A fenced block:        ```quiz (see quiz.py)   ```predict (a question, a line ---, the answer)
In a text:             $formula$ and $$formula$$ (see formulas.py)
mdBook's own:          {{#include FILE}} and {{#include FILE:ANCHOR}}, which here must exist.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tiny_batch_kit.authors.bookkit import boxes, cards, players, quiz, snippets
from tiny_batch_kit.authors.bookkit.blocks import Block, mask_code, split_blocks
from tiny_batch_kit.authors.bookkit.formulas import render_math
from tiny_batch_kit.authors.bookkit.problems import BookError, Problem
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.syllabus import Course

_LINE = re.compile(r"^\{\{#(\w+)(?:\s+(.*?))?\s*\}\}$")
_ANYWHERE = re.compile(r"(?<!\\)\{\{\s*#(\w*)")
_INCLUDE = re.compile(r"(?<!\\)\{\{\s*#(?:include|rustdoc_include|playground)\s+([^}\s]+)[^}]*\}\}")
_NATIVE = {"include", "rustdoc_include", "playground", "title"}
_OURS = {"task", "days", "snippet", "figure", "player"}


@dataclass
class PageRenderer:
    """Renders one page and collects what is wrong with it.

    root: the checkout. page: the page's path in book/src. problems: filled while rendering; a broken piece becomes a
    red box, so that an author who has the book open sees it in place.
    """

    root: Path
    course: Course
    page: str
    problems: list[Problem] = field(default_factory=list)
    _quizzes: int = 0

    def render(self, text: str, first_line: int = 1) -> str:
        """`text` as Markdown that mdBook understands. first_line: where the text begins in its page."""
        return "\n".join(self._block(block, first_line + block.line - 1) for block in split_blocks(text))

    def _block(self, block: Block, line: int) -> str:
        self._check_includes(block.text, line)
        if block.kind is None:
            return self._prose(block.text, line)
        if not block.closed:
            return self._attempt(line, lambda: _fail(f"The block ```{block.kind} is never closed: add a line ```."))
        if block.kind == "quiz":
            return self._attempt(line, lambda: self._quiz(block.body))
        if block.kind == "predict":
            return self._attempt(line, lambda: self._prediction(block.body, line + 1))
        return block.text

    def _quiz(self, body: str) -> str:
        self._quizzes += 1
        stem = re.sub(r"\W+", "-", self.page.removesuffix(".md"))
        return "\n" + quiz.render_quiz(quiz.parse_quiz(body), f"quiz-{stem}-{self._quizzes}") + "\n"

    def _prediction(self, body: str, line: int) -> str:
        question, answer = boxes.split_prediction(body)
        answer_line = line + body[: body.rindex(answer)].count("\n")
        return "\n" + boxes.render_prediction(self.render(question, line), self.render(answer, answer_line)) + "\n"

    def _prose(self, text: str, line: int) -> str:
        """Directive lines and the prose between them, each in its place."""
        parts: list[str] = []
        pending: list[str] = []

        def flush(end: int) -> None:
            if pending:
                parts.append(self._text("\n".join(pending), end - len(pending)))
                pending.clear()

        lines = text.split("\n")
        for number, each in enumerate(lines, line):
            directive = _LINE.match(each.strip())
            if directive is None or directive[1] in _NATIVE:
                pending.append(each)
                continue
            flush(number)
            made = self._attempt(number, self._directive(directive[1], directive[2] or ""))
            parts.append(f"\n{made}\n")  # HTML and tables want an empty line on both sides
        flush(line + len(lines))
        return "\n".join(parts)

    def _text(self, text: str, line: int) -> str:
        for match in _ANYWHERE.finditer(mask_code(text)):
            if match[1] not in _NATIVE:
                known = f"{{{{#{match[1]} …}}}} must stand on a line of its own, and be closed there by }}}}."
                unknown = f"{{{{#{match[1]} …}}}} is not known. There are: {', '.join(sorted(_OURS | _NATIVE))}."
                where = line + text.count("\n", 0, match.start())
                self.problems.append(Problem(self.page, where, known if match[1] in _OURS else unknown))
        # A paragraph at a time, so that a bad formula spoils one and its line is known.
        made = []
        for part in re.split(r"(\n\s*\n)", text):
            made.append(self._attempt(line, partial(render_math, part)) if "$" in part else part)
            line += part.count("\n")
        return "".join(made)

    def _directive(self, name: str, argument: str) -> Callable[[], str]:
        match name:
            case "task":
                return lambda: self._task(argument)
            case "days":
                return lambda: cards.render_days(self.course)
            case "snippet":
                return lambda: snippets.render_snippet(self.root, argument)
            case "figure":
                return lambda: self._figure(argument)
            case "player":
                return lambda: players.render_player(self.root, argument)
        known = ", ".join(sorted(_OURS | _NATIVE))
        return lambda: _fail(f"{{{{#{name}}}}} is not known. There are: {known}.")

    def _task(self, task_id: str) -> str:
        return cards.render_task(self.course.task(task_id), self.course.day_of(task_id).number)

    def _figure(self, argument: str) -> str:
        name, caption = boxes.split_figure(argument)
        return boxes.render_figure(self.root / "book" / "src" / "figures" / name, render_math(caption))

    def _check_includes(self, text: str, line: int) -> None:
        for match in _INCLUDE.finditer(text):
            try:
                _check_include((self.root / "book" / "src" / self.page).parent, match[1])
            except BookError as error:
                self.problems.append(Problem(self.page, line + text.count("\n", 0, match.start()), str(error)))

    def _attempt(self, line: int, make: Callable[[], str]) -> str:
        """What `make` returns; where it fails, a red box, and the problem noted."""
        try:
            return make()
        except KitError as error:
            self.problems.append(Problem(self.page, line, str(error)))
            message = html.escape(" ".join(f"{self.page}:{line}: {error}".split()))
            return f'\n<p class="book-problem">{message}</p>\n'


def _fail(message: str) -> str:
    raise BookError(message)


def _check_include(folder: Path, argument: str) -> None:
    """Raise BookError unless the file, and the anchor if one is named, exist. mdBook itself passes over both."""
    name, _, rest = argument.partition(":")
    path = folder / name
    if not path.is_file():
        raise BookError(f"The included file {name!r} does not exist beside this page.")
    text = path.read_text(encoding="utf-8")
    if not rest:
        return
    if re.fullmatch(r"[\d:]*", rest):
        first = int(rest.partition(":")[0] or 1)
        if first > text.count("\n") + 1:
            raise BookError(f"The included file {name!r} has no line {first}.")
    elif not re.search(rf"ANCHOR:\s*{re.escape(rest)}\b", text):
        raise BookError(f"The included file {name!r} has no anchor {rest!r}: mark it there with ANCHOR: {rest}.")
