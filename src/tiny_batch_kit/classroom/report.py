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

SIGNS = {"passed": "✓", "not begun": "○", "red": "✗", "exam": "✗", "not run": "–", "not believed": "!"}
WORDS = {
    "passed": "all tests and all held-out cases",
    "not begun": "not begun",
    "red": "a test is red",
    "exam": "the tests pass, a held-out case does not",
    "not run": "its tests did not come to their end",
    "not believed": "its tests are not believed",
}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1d2430; background: #fff }
table { border-collapse: collapse; display: block; overflow-x: auto } td, th { padding: .2rem .5rem; border: 1px solid #c9d0da; text-align: left }
td.passed { background: #d9f2dd } td.red, td.exam { background: #fbdcdc } td.notbelieved { background: #ffe6a8 }
pre { white-space: pre-wrap; background: #f3f5f8; padding: .6rem; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { color: #e6e9ef; background: #171b22 } pre { background: #232934 }
td.passed { background: #1d4a28 } td.red, td.exam { background: #5c2424 } td.notbelieved { background: #5c4a14 } a { color: #8ab8ff } }
"""

_CLASS = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{ title }}</title>
<style>{{ style }}</style><h1>{{ title }}</h1><p>{{ graded|length }} submissions, {{ days }}.</p>
{% if warning %}<p><strong>{{ warning }}</strong></p>{% endif %}
<h2>Who has what</h2><table><tr><th>Student</th><th>Points</th><th>Seconds</th>{% for task in tasks %}<th>{{ task }}</th>{% endfor %}<th>To look at</th></tr>
{% for one in graded %}<tr><th><a href="students/{{ page(one) }}">{{ clean(one.name) }}</a></th><td>{{ one.points }} / {{ one.most }}</td><td>{{ '%.1f'|format(one.seconds) }}</td>
{% for r in one.results %}<td class="{{ r.status|replace(' ', '') }}" title="{{ words[r.status] }}">{{ signs[r.status] }}</td>{% endfor %}<td>{{ (one.tried|length) or '' }}{{ ' copied?' if one.notes else '' }}</td></tr>{% endfor %}</table>
<p>{% for status, sign in signs.items() %}{{ sign }} {{ words[status] }}{{ '; ' if not loop.last }}{% endfor %}</p>
<h2>The most common misconceptions</h2><table>{% for text, count in misconceptions %}<tr><td>{{ count }}</td><td>{{ text }}</td></tr>{% else %}<tr><td>None was recognised.</td></tr>{% endfor %}</table>
<h2>The tests that are red most</h2><table>{% for text, count in red %}<tr><td>{{ count }}</td><td>{{ clean(text) }}</td></tr>{% else %}<tr><td>None.</td></tr>{% endfor %}</table></html>
"""

_STUDENT = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{ clean(one.name) }}</title>
<style>{{ style }}</style><h1>{{ clean(one.name) }}</h1><p>{{ one.points }} of {{ one.most }} points, {{ '%.1f'|format(one.seconds) }} s.</p>
{% for note in one.notes %}<p>{{ clean(note) }}</p>{% endfor %}
{% if one.tried %}<h2>What was tried</h2><ul>{% for text in one.tried %}<li>{{ clean(text) }}</li>{% endfor %}</ul>{% endif %}
{% for r in one.results %}<h2>{{ signs[r.status] }} Task {{ r.task }} · {{ titles[r.task] }}</h2><p>{{ r.points }} of {{ r.most }} points: {{ words[r.status] }}.</p>
{% for message in r.messages %}<pre>{{ clean(message) }}</pre>{% endfor %}{% for guess in r.looks_like %}<p><strong>Looks like:</strong> {{ guess }}</p>{% endfor %}{% endfor %}</html>
"""


def clean(text: str) -> str:
    """A text without the characters that steer a terminal or turn the direction of writing."""
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else "\ufffd" for c in text)


def page_of(one: Graded) -> str:
    """The file name of a student's page: no name of a folder can lead elsewhere."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', one.name)[:60].strip('-') or 'student'}-{sha256(one.name.encode('utf-8', 'replace')).hexdigest()[:8]}.html"


def write(out: Path, course: Course, days: list[Day], graded: list[Graded], warning: str = "") -> Path:
    """Write all into a folder; returns the page of the class."""
    from jinja2 import Environment

    make = Environment(autoescape=True)
    titles = {task.id: task.title for day in days for task in day.tasks}
    common: dict[str, Any] = {
        "style": _STYLE,
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
    text = make.from_string(_CLASS).render(
        **common, title=f"{course.title}: the class", days=f"days {numbers}", tasks=[*titles], graded=graded,
        warning=warning, misconceptions=looks.most_common(20), red=red.most_common(20),
    )  # fmt: skip
    index.write_text(text, encoding="utf-8", errors="replace")
    for one in graded:
        text = make.from_string(_STUDENT).render(**common, one=one)
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
