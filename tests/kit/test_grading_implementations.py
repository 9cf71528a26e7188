"""Whose code is served under the name tiny_batch, each case in an interpreter of its own."""

import os
import subprocess
import sys

import pytest


def python(course, code):
    done = subprocess.run(
        [sys.executable, "-c", "from tiny_batch_kit.course import implementations as i\n" + code],
        env={**os.environ, "TINY_BATCH_ROOT": str(course.root)},
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_mine_the_reference_and_a_folder_are_served_under_one_name(course):
    course.fill("add", "return 'mine'")
    other = course.root / "other"
    other.mkdir()
    (other / "__init__.py").write_text("")
    (other / "adding.py").write_text("def add(a, b):\n    return 'other'\n")
    for which, answer in (("mine", "mine"), ("ref", "3"), (str(other), "other")):
        assert python(course, f"i.install({which!r}); print(i.load('adding').add(1, 2))") == answer
        code = f"i.install({which!r})\nfrom tiny_batch.adding import add\nprint(add(1, 2), add.__module__)"
        assert python(course, code) == f"{answer} tiny_batch.adding"


def test_borrowed_days_come_from_the_reference_also_for_relative_imports(course):
    course.fill("add", "return 'mine'")
    course.fill("double", "return add(a, a)")
    assert python(course, "i.install('mine'); print(i.load('doubling').double(4))") == "mine"
    assert python(course, "i.install('mine', borrow_before=2); print(i.load('doubling').double(4))") == "8"
    assert python(course, "i.install('mine', borrow_before=1); print(i.load('doubling').double(4))") == "mine"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("i.install('ref'); i.load('adding'); i.install('mine')", "tiny_batch is imported already"),
        ("i.install('/nowhere')", "/nowhere holds no implementation"),
        ("i.install('ref'); i.load('nothing')", "No module named 'tiny_batch.nothing'"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(course, code, sentence):
    assert sentence in python(course, code)
