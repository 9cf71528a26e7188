import subprocess
import sys

import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course.cutter import cut, graft, regions
from tiny_batch_kit.course.syllabus import load_course


def test_regions_become_holes_that_name_task_symbol_and_chapter(course):
    starter = (course.mine / "adding.py").read_text()
    assert '    raise NotImplementedError("Task 1.1: add: see book/src/day-01.md")\n' in starter
    assert '        raise NotImplementedError("Task 1.2: Sum.of: see book/src/day-01.md")\n' in starter
    assert "# task" not in starter
    assert "reduce(" not in starter
    assert starter.startswith('"""Day 1."""\n\nimport functools\n')  # imports stay, though only a region used them
    compile(starter, "adding.py", "exec")


def test_what_is_outside_regions_stays_word_by_word(course):
    kept = [
        line for line in (course.reference / "adding.py").read_text().splitlines() if '"""' in line or "def " in line
    ]
    starter = (course.mine / "adding.py").read_text().splitlines()
    assert [line for line in starter if '"""' in line or "def " in line] == kept
    assert (course.mine / "__init__.py").read_text() == (course.reference / "__init__.py").read_text()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def f():\n    # task 1.1 begin\n    pass\n", "f.py:2: task 1.1 begins and never ends"),
        ("def f():\n    pass\n    # task 1.1 end\n", "f.py:3: task 1.1 ends, but did not begin"),
        ("def f():\n    # task 1.1 begin\n    # task 1.2 begin\n    pass\n", "f.py:3: task 1.2 begins inside task 1.1"),
        ("def f():\n    # task 1.1 begin\n    pass\n    # task 1.2 end\n", "f.py:4: task 1.2 ends, but did not begin"),
        ("# task 1.1 begin\nx = 1\n# task 1.1 end\n", "f.py:1: a task must stand inside a function"),
    ],
)
def test_markers_out_of_order_are_errors_with_file_and_line(source, sentence):
    with pytest.raises(KitError, match=sentence):
        regions(source, "f.py")


def test_an_unknown_task_or_symbol_is_an_error_that_names_it(course):
    known = load_course(course.root / "course.toml")
    with pytest.raises(KitError, match=r"f\.py:2: .*9\.9"):
        cut("def f():\n    # task 9.9 begin\n    pass\n    # task 9.9 end\n", "f.py", known)
    with pytest.raises(KitError, match=r"f\.py:2: .*1\.7"):
        cut("def f():\n    # task 1.7 begin\n    pass\n    # task 1.7 end\n", "f.py", known)
    with pytest.raises(KitError, match=r"f\.py:2: .*g"):
        cut("def g():\n    # task 1.1 begin\n    pass\n    # task 1.1 end\n", "f.py", known)


def test_a_region_may_be_nested_deeper_and_keeps_its_indent(course):
    source = "def add(a, b):\n    if a:\n        # task 1.1 begin\n        return 1\n        # task 1.1 end\n"
    starter = cut(source, "adding.py", load_course(course.root / "course.toml"))
    assert starter.splitlines()[2].startswith("        raise NotImplementedError(")


def test_a_region_at_the_end_of_a_file_belongs_to_its_function():
    source = (
        "def f():\n    pass\n\n\ndef add(a, b):\n    x = 1\n    # task 1.1 begin\n    return x\n    # task 1.1 end\n"
    )
    assert [region.symbol for region in regions(source, "f.py")] == ["add"]


def test_a_graft_replaces_what_the_other_has_and_nothing_else(course):
    source = (course.reference / "adding.py").read_text()
    other = "class Sum:\n    def of(numbers):\n        # task 1.2 begin\n        return -1\n        # task 1.2 end\n"
    grafted = graft(source, other, "other.py")
    assert "return -1" in grafted
    assert "reduce(" not in grafted
    assert "return a + b" in grafted
    assert "return len(numbers)" in grafted


def make_starter(course, *arguments):
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_starter.py"), *arguments],
        env={"TINY_BATCH_ROOT": str(course.root)},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_make_starter_checks_writes_and_says_what_changed(course):
    assert make_starter(course, "--check")[0] == 0
    course.fill("add", "return 1")
    status, said = make_starter(course, "--check")
    assert status == 1
    assert "src/tiny_batch/adding.py" in said
    assert "-    return 1" in said
    status, said = make_starter(course)
    assert status == 0
    assert "src/tiny_batch/adding.py" in said
    assert make_starter(course, "--check")[0] == 0


def test_make_starter_names_file_and_line_of_a_broken_marker(course):
    course.write("src/tiny_batch_ref/adding.py", "def add(a, b):\n    # task 1.1 begin\n    return a\n")
    status, said = make_starter(course)
    assert status != 0
    assert "adding.py:2: task 1.1 begins and never ends" in said
    assert "Traceback" not in said
