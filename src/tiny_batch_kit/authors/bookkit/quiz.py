"""Quizzes: a TOML block becomes a form that works without a script.

    [[question]]
    prompt = "Markdown"
    answers = [
      { text = "Markdown", correct = true, why = "Markdown" },
      { text = "Markdown", why = "Markdown" },
    ]

Each answer is a radio button, or a checkbox where several are right. Choosing it shows its explanation, by CSS alone.
The text and the explanation are left to mdBook to render, so links to other pages work in them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from tiny_batch_kit.authors.bookkit.formulas import render_math
from tiny_batch_kit.authors.bookkit.problems import BookError


@dataclass(frozen=True)
class Answer:
    """One answer to choose. why: what is shown once it is chosen."""

    text: str
    why: str
    correct: bool = False


@dataclass(frozen=True)
class Question:
    """A question with two or more answers, at least one right and at least one wrong."""

    prompt: str
    answers: tuple[Answer, ...]


def parse_quiz(body: str) -> list[Question]:
    """The questions of a quiz block. Raises BookError, naming the question, for whatever is missing or unknown."""
    try:
        table = tomllib.loads(body)
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"The quiz is not TOML: {error}.") from error
    questions = table.pop("question", None)
    if table:
        raise BookError(f"The quiz has {_names(table)} outside its questions: only [[question]] is known.")
    if not isinstance(questions, list) or not questions:
        raise BookError("The quiz has no question: begin each with a line [[question]].")
    return [_question(number, given) for number, given in enumerate(questions, 1)]


def _question(number: int, given: object) -> Question:
    where = f"Question {number} of the quiz"
    if not isinstance(given, dict):
        raise BookError(f"{where} is not a table: begin it with a line [[question]].")
    extra = set(given) - {"prompt", "answers"}
    if extra:
        raise BookError(f"{where} has {_names(extra)}: only prompt and answers are known.")
    answers = given.get("answers")
    if not isinstance(answers, list) or len(answers) < 2:
        raise BookError(f"{where} needs answers, a list of two or more.")
    made = tuple(_answer(f"{where}, answer {place}", each) for place, each in enumerate(answers, 1))
    right = sum(answer.correct for answer in made)
    if right == 0:
        raise BookError(f"{where} has no right answer: mark one with correct = true.")
    if right == len(made):
        raise BookError(f"{where} has no wrong answer: nobody could learn from choosing.")
    return Question(_text(where, given, "prompt"), made)


def _answer(where: str, given: object) -> Answer:
    if not isinstance(given, dict):
        raise BookError(f"{where} is not a table {{ text = …, why = … }}.")
    extra = set(given) - {"text", "why", "correct"}
    if extra:
        raise BookError(f"{where} has {_names(extra)}: only text, why and correct are known.")
    correct = given.get("correct", False)
    if not isinstance(correct, bool):
        raise BookError(f"{where} has correct = {correct!r}: write true or leave it out.")
    return Answer(_text(where, given, "text"), _text(where, given, "why"), correct)


def _text(where: str, given: dict[str, object], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BookError(f"{where} has no {key}: give it a text.")
    return render_math(value.strip())


def _names(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))


def render_quiz(questions: list[Question], name: str) -> str:
    """The quiz as HTML with Markdown inside. name: unique in the page; the ids begin with it."""
    parts = [f'<div class="quiz" id="{name}">']
    for number, question in enumerate(questions, 1):
        parts.append(_render_question(question, number, len(questions), f"{name}-{number}"))
    parts.append('<p class="quiz-score" role="status"></p>\n</div>')
    return "\n\n".join(parts)


def _render_question(question: Question, number: int, count: int, name: str) -> str:
    several = sum(answer.correct for answer in question.answers) > 1
    note = ' <span class="quiz-note">Several answers are right.</span>' if several else ""
    parts = [
        f'<fieldset class="quiz-question" data-right="{sum(answer.correct for answer in question.answers)}">\n<legend>',
        f'<span class="quiz-number">Question {number} of {count}.</span> {question.prompt}{note}',
        '</legend>\n<div class="quiz-answers">',
    ]
    for place, answer in enumerate(question.answers, 1):
        kind = "checkbox" if several else "radio"
        verdict, mark = ("right", "✓ Right.") if answer.correct else ("wrong", "✗ Not this one.")
        # One paragraph, so that Markdown is rendered inside and the explanation is the input's sibling.
        parts.append(
            f'<input type="{kind}" name="{name}" id="{name}-{place}" value="{verdict}">'
            f'<label for="{name}-{place}">{_one_line(answer.text)}</label>'
            f'<span class="quiz-why quiz-{verdict}"><strong>{mark}</strong> {_one_line(answer.why)}</span>'
        )
    parts.append("</div>\n</fieldset>")
    return "\n\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())
