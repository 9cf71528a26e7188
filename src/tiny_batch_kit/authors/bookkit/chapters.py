"""What the page of a ready day must have, whatever it teaches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tiny_batch_kit.authors.bookkit.blocks import Block, mask_code, split_blocks
from tiny_batch_kit.authors.bookkit.problems import BookError, Problem
from tiny_batch_kit.authors.bookkit.quiz import parse_quiz
from tiny_batch_kit.course.syllabus import Day

PARTS = (
    "What you will be able to do",
    "The problem",
    "What must hold",
    "Predict",
    "The tasks",
    "What breaks",
    "Measure",
    "Quiz",
    "Beyond",
    "Readings",
)
WORDS = (1500, 2500)
QUESTIONS = 6


def chapter_problems(day: Day, text: str) -> list[Problem]:
    """What the chapter of `day` lacks: parts, task cards, a picture, a prediction, questions; or has too much of."""
    blocks = split_blocks(text)
    prose = "\n".join(block.text for block in blocks if block.kind is None)
    found = [*_missing_parts(prose), *_missing_cards(day, prose), *_quiz(blocks), *_length(blocks)]
    if not any(block.kind == "predict" for block in blocks):
        found.append("It has no ```predict box.")
    if "{{#figure" not in prose:
        found.append("It has no picture: {{#figure FILE.svg | caption}}.")
    problems = [Problem(day.chapter, 0, message) for message in found]
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(r"@@\w*@@|\bTODO\b|\bFIXME\b", line):
            problems.append(Problem(day.chapter, number, f"Something is left to fill in: {line.strip()[:60]}"))
    return problems


def _missing_parts(prose: str) -> Iterator[str]:
    headings = [match[1].casefold() for match in re.finditer(r"^##\s+(.+?)\s*$", prose, re.M)]
    for part in PARTS:
        if not any(heading.startswith(part.casefold()) for heading in headings):
            yield f"It has no part '## {part} …'."


def _missing_cards(day: Day, prose: str) -> Iterator[str]:
    shown = re.findall(r"^\s*\{\{#task\s+(\S+?)\s*\}\}", prose, re.M)
    for task in day.tasks:
        if task.id not in shown:
            yield f"It has no card of Task {task.id}: add a line {{{{#task {task.id}}}}}."


def _quiz(blocks: list[Block]) -> Iterator[str]:
    questions = 0
    for block in blocks:
        if block.kind == "quiz":
            try:
                questions += len(parse_quiz(block.body))
            except BookError:
                return  # the page's own problems say so
    if questions < QUESTIONS:
        yield f"Its quiz has {questions} questions: {QUESTIONS} or more are wanted."


def _length(blocks: list[Block]) -> Iterator[str]:
    words = count_words(blocks)
    if not WORDS[0] <= words <= WORDS[1]:
        yield f"It has {words:,} words without code and quiz: {WORDS[0]:,} to {WORDS[1]:,} are wanted."


def count_words(blocks: list[Block]) -> int:
    """The words that a reader reads in a row: prose and predictions, without code, quiz, links' targets and signs."""
    text = "\n".join(
        block.body if block.kind == "predict" else block.text for block in blocks if block.kind in (None, "predict")
    )
    text = re.sub(r"\]\([^)]*\)", "]", re.sub(r"^\s*\{\{#(?:task|snippet|days|player).*$", "", text, flags=re.M))
    return len(re.findall(r"[^\W_][\w'’.,-]*", mask_code(text)))
