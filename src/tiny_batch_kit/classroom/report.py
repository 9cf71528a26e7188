"""What came of a class: a page for all, a page for each, CSV, and Gradescope's results.json. All text is escaped."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from tiny_batch_kit.classroom.grade import Graded
from tiny_batch_kit.course.syllabus import Course, Day

PAGE = Path(__file__).parent / "page"

SIGNS = {"passed": "✓", "not begun": "○", "red": "✗", "exam": "✗", "not run": "–", "not believed": "!"}
WORDS = {
    "passed": "all tests and all held-out cases",
    "not begun": "not begun",
    "red": "a test is red",
    "exam": "the tests pass, a held-out case does not",
    "not run": "its tests did not come to their end",
    "not believed": "its tests are not believed",
}


def clean(text: str) -> str:
    """A text without the characters that steer a terminal or turn the direction of writing."""
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else "\ufffd" for c in text)


def page_of(one: Graded) -> str:
    """The file name of a student's page: no name of a folder can lead elsewhere."""
    letters = re.sub(r"[^A-Za-z0-9]+", "-", one.name)[:60].strip("-") or "student"
    return f"{letters}-{sha256(one.name.encode('utf-8', 'replace')).hexdigest()[:8]}.html"


def write(out: Path, course: Course, days: list[Day], graded: list[Graded], warning: str = "") -> Path:
    """Write all into a folder; returns the page of the class."""
    from jinja2 import Environment, FileSystemLoader

    make = Environment(autoescape=True, loader=FileSystemLoader(PAGE))
    titles = {task.id: task.title for day in days for task in day.tasks}
    common: dict[str, Any] = {
        "style": (PAGE / "page.css").read_text(encoding="utf-8"),
        "signs": SIGNS,
        "words": WORDS,
        "clean": clean,
        "page": page_of,
        "titles": titles,
    }
    looks = Counter(text for one in graded for text in {guess for r in one.results for guess in r.looks_like})
    red = Counter(test for one in graded for r in one.results for test in r.red)
    numbers = ", ".join(str(day.number) for day in days)
    (out / "students").mkdir(parents=True, exist_ok=True)
    index = out / "index.html"
    text = make.get_template("class.html").render(
        **common, title=f"{course.title}: the class", days=f"days {numbers}", tasks=[*titles], graded=graded,
        warning=warning, misconceptions=looks.most_common(20), red=red.most_common(20),
    )  # fmt: skip
    index.write_text(text, encoding="utf-8", errors="replace")
    for one in graded:
        text = make.get_template("student.html").render(**common, one=one)
        (out / "students" / page_of(one)).write_text(text, encoding="utf-8", errors="replace")
    _csv(out / "grades.csv", [*titles], graded)
    return index


def _csv(file: Path, tasks: list[str], graded: list[Graded]) -> None:
    with file.open("w", newline="", encoding="utf-8", errors="replace") as lines:
        rows = csv.writer(lines)
        rows.writerow(["student", "points", "of", *tasks, "tried"])
        for one in graded:
            name = clean(one.name)
            name = f"'{name}" if name.startswith(("=", "+", "-", "@")) else name  # a spreadsheet would compute it
            rows.writerow([name, one.points, one.most, *[r.points for r in one.results], len(one.tried)])


def gradescope(one: Graded, titles: dict[str, str]) -> dict[str, Any]:
    """One submission as Gradescope's autograder reads it."""
    tests = [
        {
            "name": f"{r.task} {titles[r.task]}",
            "score": r.points,
            "max_score": r.most,
            "output": clean("\n\n".join([WORDS[r.status], *r.messages, *(f"Looks like: {g}" for g in r.looks_like)])),
            "output_format": "text",
        }
        for r in one.results
    ]
    return {"score": one.points, "execution_time": round(one.seconds), "visibility": "visible", "tests": tests}


def write_gradescope(file: Path, one: Graded, days: list[Day]) -> None:
    """Write results.json."""
    titles = {task.id: task.title for day in days for task in day.tasks}
    file.write_text(json.dumps(gradescope(one, titles), indent=1), encoding="utf-8")
