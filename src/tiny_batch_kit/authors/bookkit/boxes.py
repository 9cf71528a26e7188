"""Predictions and pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from tiny_batch_kit.authors.bookkit.problems import BookError

_SVG = "{http://www.w3.org/2000/svg}"


def split_prediction(body: str) -> tuple[str, str]:
    """The question and the answer of a predict block, which a line `---` divides. Raises BookError."""
    question, line, answer = ("\n" + body).partition("\n---\n")
    if not line or not answer.strip():
        raise BookError("The predict box has no answer: write it below a line `---`.")
    if not question.strip():
        raise BookError("The predict box has no question: write it above the line `---`.")
    return question.strip(), answer.strip()


def render_prediction(question: str, answer: str) -> str:
    """A box that shows the question, and the answer when it is opened. Both are Markdown."""
    return "\n\n".join(
        [
            '<section class="predict" aria-label="Predict">\n<p class="box-label">Predict</p>',
            question,
            "<details>\n<summary>I have written my prediction down. Show the answer.</summary>",
            answer,
            "</details>\n</section>",
        ]
    )


def split_figure(argument: str) -> tuple[str, str]:
    """The file name and the caption of `FILE.svg | caption`. Raises BookError."""
    name, bar, caption = (part.strip() for part in argument.partition("|"))
    if not bar or not caption:
        raise BookError(f"The picture {name or '(no name)'} has no caption: write {{{{#figure FILE.svg | caption}}}}.")
    if not name.endswith(".svg") or "/" in name:
        raise BookError(f"The picture is {name!r}: name an SVG in book/src/figures, such as roofline.svg.")
    return name, caption


def render_figure(path: Path, caption: str) -> str:
    """The SVG inlined, so that it takes the page's colours, with its caption. Raises BookError."""
    return (
        f'<figure class="picture">\n<div class="picture-frame">\n{read_svg(path)}\n</div>\n'
        f"<figcaption>\n\n{caption}\n\n</figcaption>\n</figure>"
    )


def read_svg(path: Path) -> str:
    """The SVG's text from its <svg> tag on, without empty lines, which would end an HTML block in Markdown.

    Raises BookError if it is missing, is not XML, loads something from elsewhere, or has no <title> or <desc>.
    """
    if not path.is_file():
        raise BookError(f"There is no picture {path.name} in {path.parent.name}/. Make it, or mend the name.")
    text = path.read_text(encoding="utf-8")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise BookError(f"The picture {path.name} is not well-formed: {error}.") from error
    for tag in ("title", "desc"):
        found = root.find(f"{_SVG}{tag}")
        if found is None or not (found.text or "").strip():
            raise BookError(f"The picture {path.name} has no <{tag}>: say what it shows, for who can't see it.")
    if re.search(r"""(?:href|src)\s*=\s*["'](?!#|data:image/)|url\(\s*["']?(?!#)|<script""", text):
        raise BookError(f"The picture {path.name} loads something from outside itself: draw it in.")
    return "\n".join(line for line in text[text.index("<svg") :].splitlines() if line.strip())
