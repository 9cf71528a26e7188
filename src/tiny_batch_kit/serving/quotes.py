"""Requests whose answers quote their prompts, as edits, code and lists do; and some whose answers never repeat."""

from __future__ import annotations

from dataclasses import dataclass

from tiny_batch_kit.model.tokenizer import Tokenizer
from tiny_batch_kit.serving.trace import Asked

LETTER = (
    "Dear Mr Brown, thank you for your letter of the third of May. We have sent the two lamps and the shade to your "
    "new address in Leeds. They should arrive before the end of the week. If one of them is broken, please send us a "
    "picture, and we will send you another one at once. With kind regards, Ada Quill, Lamps and Lights."
)

REPORT = (
    "Report of the harbour office on the lighthouse at Cape Merrow. The tower was built in 1868 of grey granite and is "
    "41 metres high. Its lamp first burned rape oil, from 1884 paraffin, and since 1931 it has been electric. The lens "
    "was made in Birmingham, weighs two tonnes and floats on mercury, so that a child can turn it with one finger. In "
    "clear weather the light is seen from 22 sea miles; it flashes twice every fifteen seconds. Three keepers lived at "
    "the cape with their families until 1979. They kept a cow, a garden behind a wall, and a school with four pupils."
)

CODE = """def mean(values):
    total = 0.0
    for value in values:
        total = total + value
    return total / len(values)


def variance(values):
    middle = mean(values)
    total = 0.0
    for value in values:
        total = total + (value - middle) * (value - middle)
    return total / len(values)
"""


@dataclass(frozen=True)
class Task:
    """What is asked of a text. temperature: 0 takes the likeliest tokens."""

    name: str
    text: str
    temperature: float = 0.0


QUOTING = (
    Task("letter", f"Replace the name Brown by Green in this letter, and write the whole letter again.\n\n{LETTER}"),
    Task("spelling", f"Correct the spelling of this text. Answer with the corrected text only.\n\n{REPORT}"),
    Task("code", f"Add a comment to each function, and write the whole code again.\n\n```python\n{CODE}```"),
    Task("quotation", f"{REPORT}\n\nWhat does the text say about the lamp? Quote the sentences from the text."),
    Task("copy", f"Write this text again, word for word.\n\n{REPORT}"),
    Task("list", f"Write the facts of this letter as a list, in the words of the letter.\n\n{LETTER}"),
)
"""Tasks whose answers are in their prompts, word for word or nearly so."""

INVENTING = tuple(
    Task(f"story {number}", f"Tell me a story about {subject}.", temperature=1.0)
    for number, subject in enumerate(("a ferry", "two bakers", "a red kite", "the last bus", "an old map", "snow"))
)
"""Tasks whose answers stand nowhere, drawn at random: what was said before says nothing about what comes."""


def asked(tokenizer: Tokenizer, tasks: tuple[Task, ...], count: int, limit: int) -> list[tuple[Asked, Task]]:
    """So many requests, all at once, with the tasks by turns: each with its task."""
    chosen = [tasks[number % len(tasks)] for number in range(count)]
    return [
        (Asked(f"{task.name} {number}", task.name, task.text, tokenizer.chat(task.text), limit, 0.0), task)
        for number, task in enumerate(chosen)
    ]
