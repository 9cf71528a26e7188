"""What an author may write, and what is said when it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tiny_batch_kit.authors.bookkit.blocks import split_blocks

Render = Callable[[str], tuple[str, list[str]]]


def fails(render: Render, text: str, *words: str) -> None:
    """The text has exactly one problem, which says all of `words`; it is shown in the page, too."""
    _, problems = render(text)
    assert len(problems) == 1, problems
    for word in words:
        assert word in problems[0]


def test_blocks_put_together_are_the_page() -> None:
    text = "a\n```py x\nb\n```\n\n~~~\nc\n```\n~~~\n> ```\n> d\n> ```\ne"
    blocks = split_blocks(text)
    assert "\n".join(block.text for block in blocks) == text
    assert [(block.kind, block.line) for block in blocks] == [
        (None, 1), ("py", 2), (None, 5), ("", 6), ("", 10), (None, 13),
    ]  # fmt: skip


# Task cards and days


def test_a_task_card_says_what_course_toml_says(render: Render) -> None:
    made, problems = render("{{#task 1.1}}")
    assert not problems
    for part in (
        "### Task 1.1 · A `first` thing {#task-1-1}",
        "Return <code>1</code> if a &lt; b, <em>always</em>.",
        "src/tiny_batch/start.py",
        "<code>begin</code>, <code>Begin.now</code>",
        "pdm run test --day 1 --task 1",
        "Not begun (○).",
        "pdm run hint 1.1",
    ):
        assert part in made


def test_an_unknown_task_is_an_error_with_its_line(render: Render) -> None:
    fails(render, "a\n\n{{#task 1.7}}", "day-01.md:3", "1.7", "1.1")
    fails(render, "{{#task}}", "is no task")


def test_the_days_are_linked_when_ready(render: Render) -> None:
    made, problems = render("{{#days}}")
    assert not problems
    assert "| [1 · Start](day-01.md) | Begin \\| well. | ready |" in made
    assert "| 2 · Later | Go on. | to&nbsp;come |" in made


def test_unknown_or_misplaced_directives_are_errors(render: Render) -> None:
    fails(render, "x\n{{#tsk 1.1}}", ":2", "{{#tsk}} is not known", "task")
    fails(render, "See {{#task 1.1}} here.", "line of its own")
    fails(render, "{{#figure one.svg | open", "closed")
    assert render("`{{#tsk 1.1}}` and \\{{#tsk}}\n\n```\n{{#tsk 1.1}}\n```")[1] == []


# Code


def test_a_snippet_of_the_starter_shows_no_body(render: Render) -> None:
    made, problems = render("{{#snippet src/tiny_batch/start.py:begin}}")
    assert not problems
    assert made.strip() == '```python\n@decorated\ndef begin(a: int) -> int:\n    """One.\n\n    More."""\n    ...\n```'
    made, _ = render("{{#snippet src/tiny_batch/start.py:Begin.now}}")
    assert made.strip() == '```python\ndef now(self) -> int:\n    """Now."""\n    ...\n```'
    whole, _ = render("{{#snippet src/tiny_batch/start.py}}")
    assert "secret" not in whole
    assert "NotImplementedError" not in whole
    assert "width: int = 1" in whole


def test_a_snippet_of_another_file_is_shown_whole(render: Render, book: Path) -> None:
    (book / "kit.py").write_text("def f():\n    return '```'\n")
    assert render("{{#snippet kit.py:f}}")[0].strip() == "````python\ndef f():\n    return '```'\n````"
    (book / "a.toml").write_text("x = 1\n")
    assert render("{{#snippet a.toml}}")[0].strip() == "```toml\nx = 1\n```"


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("missing.py", "no file"),
        ("../outside.py", "no file"),
        ("src/tiny_batch/start.py:finish", "no function or class 'finish'. There are: Begin, begin"),
        ("src/tiny_batch_ref/start.py:begin", "is the reference"),
        ("broken.py:f", "is not Python"),
        ("empty.toml", "is empty"),
    ],
)
def test_a_snippet_that_is_not_there_is_an_error(render: Render, book: Path, argument: str, says: str) -> None:
    (book / "broken.py").write_text("def f(:\n")
    (book / "empty.toml").write_text("\n")
    fails(render, f"{{{{#snippet {argument}}}}}", "day-01.md:1", says)


def test_includes_must_exist(render: Render, book: Path) -> None:
    (book / "book" / "src" / "part.txt").write_text("a\n# ANCHOR: here\nb\n# ANCHOR_END: here\n")
    assert render("```\n{{#include part.txt}}\n{{#include part.txt:here}}\n{{#include part.txt:2:3}}\n```")[1] == []
    fails(render, "a\n\n```\n{{#include nothing.txt}}\n```", "day-01.md:4", "nothing.txt")
    fails(render, "{{#include part.txt:there}}", "no anchor 'there'")
    fails(render, "{{#include part.txt:77}}", "no line 77")


# Pictures


def test_a_picture_is_inlined_without_empty_lines(render: Render) -> None:
    made, problems = render("{{#figure one.svg | Shows $x$.}}")
    assert not problems
    assert "<?xml" not in made
    svg = made[made.index("<svg") : made.index("</svg>")]
    assert "\n\n" not in svg
    assert "<figcaption>\n\nShows <math" in made


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<title>A title</title>", "", "no <title>"),
        ("What it shows.", " ", "no <desc>"),
        ("</svg>", "", "not well-formed"),
        ("<path", '<image href="https://example.org/a.png"/><path', "outside itself"),
        ("<path", '<image href="data:text/html,hello"/><path', "outside itself"),
        ("<path", "<style>@font-face{src:url(a.woff)}</style><path", "outside itself"),
    ],
)
def test_a_picture_that_says_nothing_is_an_error(render: Render, book: Path, old: str, new: str, says: str) -> None:
    path = book / "book" / "src" / "figures" / "one.svg"
    path.write_text(path.read_text().replace(old, new))
    fails(render, "{{#figure one.svg | A picture}}", "one.svg", says)


def test_a_picture_needs_a_file_and_a_caption(render: Render) -> None:
    fails(render, "{{#figure two.svg | A picture}}", "no picture two.svg")
    fails(render, "{{#figure one.svg}}", "no caption")
    fails(render, "{{#figure ../one.svg | A}}", "name an SVG")


# Players


def test_a_player_brings_its_traces_and_hides_until_its_script_runs(render: Render, book: Path) -> None:
    (book / "book" / "traces").mkdir()
    (book / "book" / "traces" / "day-01.json").write_text('{"title":"</script> $x$"}\n')
    made, problems = render("{{#player day-01}}")
    assert not problems
    assert '<div class="tb-player" data-trace="player-day-01" hidden></div>' in made
    assert '{"title":"\\u003c/script> $x$"}' in made
    for part in made.split("\n\n"):  # an empty line would end a block of HTML
        assert part.count("<script") == part.count("</script>")


def test_a_player_without_traces_is_an_error(render: Render) -> None:
    fails(render, "{{#player day-01}}", "day-01.json", "make_traces.py day-01")
    fails(render, "{{#player ../day-01}}", "name traces in book/traces")
    fails(render, "{{#player}}", "name traces in book/traces")


# Predictions


def test_a_prediction_hides_its_answer(render: Render) -> None:
    made, problems = render("```predict\nHow $x$?\n\n---\n\nSo:\n\n{{#task 1.1}}\n```")
    assert not problems
    question, answer = made.split("<details>")
    assert "How <math" in question
    assert "So:" in answer
    assert "Task 1.1" in answer


def test_a_prediction_needs_both_parts_and_an_end(render: Render) -> None:
    fails(render, "```predict\nHow?\n```", "no answer")
    fails(render, "```predict\nHow?\n---\n```", "no answer")
    fails(render, "```predict\n---\nSo.\n```", "no question")
    fails(render, "text\n```predict\nHow?\n---\nSo.", "day-01.md:2", "never closed")
    fails(render, "```predict\nHow?\n\n---\n\nSo:\n\n{{#task 9.9}}\n```", "day-01.md:8")


# Formulas


def test_formulas_become_mathml(render: Render) -> None:
    made, problems = render("So $a_b * c_d$, and\n\n$$\n\\frac{1}{2}\n$$\n\nend.")
    assert not problems
    assert made.count("<math") == 2
    assert '<div class="formula"><math' in made
    assert "*" not in made  # Markdown would see stress
    assert "_" not in made
    assert "$" not in made


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and then $6.",
        "From $1.50-$2, US$ 5 or US$ 6.",
        "Set $HOME/$USER, $PATH and a$b$c.",
        r"Escaped \$x\$ stays.",
        "In code `$x$` and ``a ` $y$``.",
        "```bash\necho $x$\n```",
        "one $ alone",
        "over a $gap\n\nno formula$ here",
    ],
)
def test_dollars_that_are_no_formulas_stay(render: Render, text: str) -> None:
    assert render(text) == (text, [])


def test_bad_formulas_are_errors(render: Render) -> None:
    fails(render, "a\n\nb $\\frac{1}$ c", "day-01.md:3", "can't be read")
    fails(render, "$\\nonsense x$", "\\nonsense")
    fails(render, "$\\left( x$", "can't be read")
    fails(render, "a $$x", "no `$$` closes")
    fails(render, "$$ $$", "empty formula")


# Quizzes

RIGHT = '{text = "A", correct = true, why = "Yes."}'
WRONG = '{text = "B", why = "No."}'


def question(*answers: str, prompt: str = "Why?") -> str:
    return f'[[question]]\nprompt = "{prompt}"\nanswers = [{", ".join(answers)}]\n'


GOOD = question(RIGHT, WRONG)


def quiz(body: str) -> str:
    return f"text\n\n```quiz\n{body}\n```"


def test_a_quiz_is_a_form_that_needs_no_script(render: Render) -> None:
    made, problems = render(quiz(GOOD) + "\n\n" + quiz(GOOD))
    assert not problems
    assert made.count("<fieldset") == made.count("<legend>") == 2
    assert made.count('type="radio"') == 4
    assert 'id="quiz-day-01-1-1-1"' in made
    assert 'id="quiz-day-01-2-1-1"' in made
    assert '<label for="quiz-day-01-1-1-1">A</label>' in made
    assert "✓ Right.</strong> Yes." in made
    assert "✗ Not this one.</strong> No." in made


def test_several_right_answers_are_checkboxes(render: Render) -> None:
    made, problems = render(quiz(question(RIGHT, RIGHT, WRONG)))
    assert not problems
    assert made.count('type="checkbox"') == 3
    assert "Several answers are right." in made


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "no question"),
        ("[[question]\n", "not TOML"),
        ("question = 3\n", "no question"),
        ("question = [3]\n", "Question 1 of the quiz is not a table"),
        (GOOD + "[other]", "has other outside"),
        (GOOD + "hint = 'x'", "has hint"),
        (GOOD + "[[question]]\nprompt = 'x'", "Question 2 of the quiz needs answers"),
        (question(RIGHT), "two or more"),
        (question(RIGHT, WRONG, prompt=" "), "Question 1 of the quiz has no prompt"),
        (question(WRONG, WRONG), "no right answer"),
        (question(RIGHT, RIGHT), "no wrong answer"),
        (question(RIGHT, '"B"'), "answer 2 is not a table"),
        (question(RIGHT, '{text = "B"}'), "answer 2 has no why"),
        (question(RIGHT, '{text = 3, why = "No."}'), "answer 2 has no text"),
        (question(RIGHT, '{text = "B", why = "No.", correct = 1}'), "correct = 1"),
        (question(RIGHT, '{text = "B", why = "No.", corect = true}'), "has corect"),
        (question(RIGHT, WRONG, prompt="$\\\\frac{1}$"), "can't be read"),
    ],
)
def test_malformed_quizzes_are_errors(render: Render, body: str, says: str) -> None:
    fails(render, quiz(body), "day-01.md:3", says)
