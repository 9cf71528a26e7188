"""The checks of the course: a sound course passes, and each way to break it is named with its place."""

import json

import pytest

from tiny_batch_kit.authors.coursecheck import solutions
from tiny_batch_kit.authors.coursecheck.agreement import check_agreement, check_starter
from tiny_batch_kit.authors.coursecheck.days import check_green, check_red
from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.solutions import check_alternatives, check_wrong
from tiny_batch_kit.grading import session


@pytest.fixture
def check(course, monkeypatch, tmp_path_factory):
    """Run a check on the fake course; returns its problems as sentences."""
    monkeypatch.setenv("TINY_BATCH_ROOT", str(course.root))
    monkeypatch.setattr(session, "ROOT", course.root)
    monkeypatch.setattr(solutions, "AT_LEAST", 0)

    def run(function, **options):
        layout = Layout.of(course.root)
        if function in (check_agreement, check_starter):
            return [str(problem) for problem in function(layout).problems]
        found = function(layout, tmp_path_factory.mktemp("work"), lambda: None, **options)
        return [str(problem) for problem in found.problems]

    return run


def edit(course, path, old, new):
    text = (course.root / path).read_text()
    assert old in text
    course.write(path, text.replace(old, new))


def test_a_sound_course_passes(course, check):
    for function in (check_agreement, check_starter, check_red, check_green, check_alternatives):
        assert check(function) == []
    assert check(check_wrong) == [
        "tests/mutants/signatures.json: day_01/subtracts is not recorded: run python scripts/check_course.py --update"
    ]
    assert check(check_wrong, update=True) == []
    recorded = json.loads((course.root / "tests" / "mutants" / "signatures.json").read_text())
    assert set(recorded["day_01/subtracts"]) == {
        f"test_day_01.py::{name}" for name in ("test_adds", "test_adds_anything", "test_sums")
    }
    assert check(check_wrong) == []


def test_a_starter_that_was_edited_is_named_with_its_line(course, check):
    course.fill("add", "return 1")
    course.write("src/tiny_batch/more.py", "")
    found = check(check_starter)
    assert found[0].startswith("src/tiny_batch/adding.py:8: is not what the cutter makes")
    assert found[1].startswith("src/tiny_batch/more.py: has no counterpart")


@pytest.mark.parametrize(
    ("path", "old", "new", "sentence"),
    [
        ("course.toml", 'symbols = ["add"]', 'symbols = ["plus"]', "adding.py: has no function plus"),
        ("course.toml", '"a nudge at adding", ', "", "course.toml: Task 1.1 must have 3 hints"),
        ("course.toml", 'id = "1.2"', 'id = "1.3"', "the tasks of Day 1 must be 1.1, 1.2, and are 1.1, 1.3"),
        ("course.toml", 'symbols = ["Sum.of", "count"]', 'symbols = ["count"]', "does not name Sum.of"),
        ("course.toml", 'modules = ["doubling.py"]', "modules = []", "doubling.py: belongs to no day"),
        ("course.toml", "number = 2", "number = 4", "days must be numbered 1, 2, 3"),
        ("tests/test_day_01.py", 'task("1.2")', 'task("1.1")', "tests/test_day_01.py: no test is marked with Task 1.2"),
        ("tests/test_day_01.py", 'task("1.2")', 'task("2.1")', "test_sums needs one @pytest.mark.task of Day 1"),
        ("tests/test_day_01.py", "test_counts", "test_sums", "test_sums is defined twice"),
        ("tests/test_day_02.py", '@pytest.mark.task("2.1")\n', "", "tests/test_day_02.py:7: test_doubles needs one"),
        ("book/src/SUMMARY.md", "day-02.md", "day-03.md", "book/src/SUMMARY.md: does not list day-02.md"),
        ("src/tiny_batch_ref/adding.py", "import functools", "from .doubling import double", "imports doubling"),
        ("src/tiny_batch_ref/doubling.py", "from .adding", "from tiny_batch.adding", "py:3: import siblings"),
        ("src/tiny_batch_ref/doubling.py", "# task 2.1 end", "", "src/tiny_batch_ref/doubling.py:8: task 2.1 begins"),
    ],
)  # fmt: skip
def test_a_disagreement_is_named_with_its_place(course, check, path, old, new, sentence):
    edit(course, path, old, new)
    assert any(sentence in found for found in check(check_agreement)), check(check_agreement)


@pytest.mark.parametrize("path", ["src/tiny_batch_ref/later.py", "tests/test_day_03.py", "book/src/day-03.md"])
def test_a_day_to_come_may_not_be_half_there(course, check, path):
    course.write(path, "")
    assert any(found.startswith(f"{path}: exists, but Day 3 is not ready") for found in check(check_agreement))


def test_the_kit_may_not_import_a_solution(course, check):
    course.write("src/tiny_batch_kit/x.py", "import os\nfrom tiny_batch_ref import adding\n")
    assert check(check_agreement) == [
        "src/tiny_batch_kit/x.py:2: the kit imports tiny_batch_ref: use course.implementations"
    ]


def test_a_test_that_is_not_red_before_any_work_is_named(course, check):
    edit(course, "tests/test_day_01.py", "expect_equal(count([5, 5]), 2,", "expect_equal(2, 2,")
    edit(course, "tests/test_day_02.py", "double(4), 8", "1, 2")
    found = check(check_red)
    assert found[0].startswith("tests/test_day_01.py::test_counts: passes before any work")
    assert found[1].startswith(
        "tests/test_day_02.py::test_doubles: is failed on the starter, not a hole: twice the number"
    )


def test_a_day_that_needs_a_later_one_or_fails_is_named(course, check):
    edit(
        course,
        "tests/test_day_01.py",
        "import Sum, add, count",
        "import Sum, add, count\nfrom tiny_batch.doubling import double",
    )
    edit(course, "tests/test_day_01.py", "add(2, 3), 5", "double(2), 4")
    edit(course, "tests/test_day_02.py", "double(4), 8", "double(4), 9")
    found = check(check_green)
    assert found[0].startswith("tests/test_day_01.py::test_adds: needs Task 2.1, of a later day")
    assert found[1].startswith("tests/test_day_02.py::test_doubles: is failed on the reference")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("return a - b", "return b + a", "is caught by no test at all"),
        ("return a - b", "return a + b", "is the reference word by word"),
        ("test_adds\n", "test_counts\n", "is not caught by test_day_01.py::test_counts, but by"),
        (
            "test_adds\n",
            "test_nothing\n",
            "names test_day_01.py::test_nothing, which is no test of tests/test_day_01.py",
        ),
        ("task: 1.1", "task: 1.9", "Day 1 has no task 1.9"),
        ("You subtracted.", "", "the docstring must hold the misconception"),
        ("def add", "def plus", "the reference has no region of task 1.1 in plus"),
        ("return a - b", "return a -", "invalid syntax"),
        ("return a - b", 'raise NotImplementedError("Task 1.1: add: see x")', "a wrong solution must be a whole one"),
    ],
)
def test_a_wrong_solution_that_is_no_use_is_named(course, check, old, new, sentence):
    edit(course, "tests/mutants/day_01/subtracts.py", old, new)
    found = [problem for problem in check(check_wrong) if problem.startswith("tests/mutants/day_01/subtracts.py: ")]
    assert len(found) == 1
    assert sentence in found[0]


def test_a_changed_or_stale_signature_is_named(course, check):
    course.write(
        "tests/mutants/signatures.json",
        json.dumps({"day_01/subtracts": {"test_day_01.py::test_counts": ""}, "x/y": {}}),
    )
    found = check(check_wrong)
    assert "day_01/subtracts now also fails test_day_01.py::test_adds" in found[0]
    assert "and no longer fails test_day_01.py::test_counts" in found[0]
    assert "x/y is recorded, but there is no such wrong solution" in found[1]


def test_a_right_solution_that_a_test_refuses_is_named(course, check):
    edit(course, "tests/alternatives/day_01/other_way_round.py", "b + a", "b - a")
    assert all(
        found.startswith("tests/alternatives/day_01/other_way_round.py: is right, but")
        for found in check(check_alternatives)
    )
    assert check(check_alternatives)


def test_a_day_without_enough_wrong_solutions_is_named(course, check, monkeypatch):
    monkeypatch.setattr(solutions, "AT_LEAST", 2)
    assert "tests/mutants/day_01: holds 1, and a day needs at least 2" in check(check_wrong)
