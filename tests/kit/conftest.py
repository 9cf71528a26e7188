"""A tiny course in a temporary folder, so that tests of the commands don't depend on the real days."""

import importlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tiny_batch_kit.course import implementations
from tiny_batch_kit.course.cutter import cut_all
from tiny_batch_kit.course.syllabus import load_course

TOML = """
title = "fake"

[[days]]
number = 1
week = 1
title = "Adding"
summary = "Add."
chapter = "day-01.md"
modules = ["adding.py"]
tests = "tests/test_day_01.py"
ready = true

[[days.tasks]]
id = "1.1"
title = "Two numbers"
file = "adding.py"
symbols = ["add"]
asks = "Add two numbers."
red = "All red."
hints = ["a nudge at adding", "the place of adding", "the plan of adding"]

[[days.tasks]]
id = "1.2"
title = "Many numbers"
file = "adding.py"
symbols = ["Sum.of", "count"]
asks = "Add many numbers."
red = "All red."
hints = ["a nudge at sums", "the place of sums", "the plan of sums"]

[[days]]
number = 2
week = 1
title = "Doubling"
summary = "Double."
chapter = "day-02.md"
modules = ["doubling.py"]
tests = "tests/test_day_02.py"
ready = true

[[days.tasks]]
id = "2.1"
title = "Twice"
file = "doubling.py"
symbols = ["double"]
asks = "Double a number."
red = "All red."
hints = ["a nudge at doubles", "the place of doubles", "the plan of doubles"]

[[days]]
number = 3
week = 1
title = "Later"
summary = "Later."
chapter = "day-03.md"
modules = ["later.py"]
tests = "tests/test_day_03.py"
ready = false
"""

ADDING = '''"""Day 1."""

import functools


def add(a, b):
    """The sum of two numbers."""
    # task 1.1 begin
    return a + b
    # task 1.1 end


class Sum:
    """Sums."""

    @staticmethod
    def of(numbers):
        """The sum of many numbers."""
        # task 1.2 begin
        return functools.reduce(add, numbers, 0)
        # task 1.2 end


def count(numbers):
    """How many numbers there are."""
    # task 1.2 begin
    return len(numbers)
    # task 1.2 end
'''

DOUBLING = '''"""Day 2."""

from .adding import add


def double(a):
    """Twice a number."""
    # task 2.1 begin
    return add(a, a)
    # task 2.1 end
'''

TEST_1 = """
import pytest
from hypothesis import given, strategies as st
from tiny_batch.adding import Sum, add, count
from tiny_batch_kit.grading.expect import expect_equal


@pytest.mark.task("1.1")
def test_adds():
    expect_equal(add(2, 3), 5, asked="add both", case="2 and 3")


@pytest.mark.task("1.1")
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_adds_anything(a, b):
    expect_equal(add(a, b), a + b, asked="add both", case=f"{a} and {b}")


@pytest.mark.task("1.2")
def test_sums():
    expect_equal(Sum.of([1, 2, 3]), 6, asked="add all", case="[1, 2, 3]")


@pytest.mark.task("1.2")
def test_counts():
    expect_equal(count([5, 5]), 2, asked="count all", case="[5, 5]")
"""

TEST_2 = """
import pytest
from tiny_batch.doubling import double
from tiny_batch_kit.grading.expect import expect_equal


@pytest.mark.task("2.1")
def test_doubles():
    expect_equal(double(4), 8, asked="twice the number", case="4")
"""

WRONG = '''"""You subtracted.

task: 1.1
caught-by: test_day_01.py::test_adds
"""


def add(a, b):
    # task 1.1 begin
    return a - b
    # task 1.1 end
'''

RIGHT = '''"""The other way round."""


def add(a, b):
    # task 1.1 begin
    return b + a
    # task 1.1 end
'''

INI = """[pytest]
addopts = -p tiny_batch_kit.grading.plugin --import-mode=importlib --strict-markers -q
markers = task(id): a task
"""


@dataclass
class FakeCourse:
    """A checkout of a course of three days, and what commands do in it."""

    root: Path

    @property
    def mine(self) -> Path:
        return self.root / "src" / "tiny_batch"

    @property
    def reference(self) -> Path:
        return self.root / "src" / "tiny_batch_ref"

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def cut(self) -> None:
        for name, text in cut_all(self.reference, load_course(self.root / "course.toml")).items():
            self.write(f"src/tiny_batch/{name}", text)

    def fill(self, symbol: str, body: str) -> None:
        """Write what a student would in place of a hole."""
        for file in self.mine.glob("*.py"):
            lines = file.read_text(encoding="utf-8").splitlines()
            for number, line in enumerate(lines):
                if "NotImplementedError(" in line and f": {symbol}:" in line:
                    indent = line[: len(line) - len(line.lstrip())]
                    lines[number] = "\n".join(indent + each for each in body.splitlines())
                    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
                    return
        raise AssertionError(f"no hole {symbol}")

    def solve(self) -> None:
        for file in self.reference.glob("*.py"):
            (self.mine / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")

    def run(self, *arguments: str, timeout: float = 60) -> tuple[int, str]:
        """(exit status, what was printed) of a command."""
        done = subprocess.run(
            [sys.executable, "-m", "tiny_batch_kit", *arguments],
            cwd=self.root,
            env={**os.environ, "TINY_BATCH_ROOT": str(self.root), "NO_COLOR": "1"},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=timeout,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def course(tmp_path: Path) -> FakeCourse:
    fake = FakeCourse(tmp_path.resolve())
    fake.write("course.toml", TOML)
    fake.write("pytest.ini", INI)
    fake.write("pdm.lock", "")
    fake.write("src/tiny_batch_ref/__init__.py", '"""A solution."""\n')
    fake.write("src/tiny_batch_ref/adding.py", ADDING)
    fake.write("src/tiny_batch_ref/doubling.py", DOUBLING)
    fake.write("tests/test_day_01.py", TEST_1)
    fake.write("tests/test_day_02.py", TEST_2)
    fake.write("tests/mutants/day_01/subtracts.py", WRONG)
    fake.write("tests/alternatives/day_01/other_way_round.py", RIGHT)
    fake.write("tests/mutants/signatures.json", "{}")
    fake.write("book/src/SUMMARY.md", "- [1](day-01.md)\n- [2](day-02.md)\n")
    fake.write("book/src/day-01.md", "# 1\n")
    fake.write("book/src/day-02.md", "# 2\n")
    fake.cut()
    return fake


@pytest.fixture(scope="module")
def reference():
    """Whatever is installed as `tiny_batch`: what the kit loads is the reference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(implementations, "load", lambda module: importlib.import_module(f"tiny_batch_ref.{module}"))
        yield
