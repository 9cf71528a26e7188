"""The commands as a student calls them, in a course of their own."""

import json
import re
import subprocess
import sys
import time

import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.cli import COMMANDS, main
from tiny_batch_kit.commands.reset import put_back
from tiny_batch_kit.course.cutter import cut
from tiny_batch_kit.course.state import State
from tiny_batch_kit.course.syllabus import load_course
from tiny_batch_kit.grading.records import Record

HEAVY = ("mlx", "numpy", "matplotlib", "pytest", "hypothesis", "watchfiles", "mlx_lm")


def backups(course):
    return sorted((course.root / ".course" / "backups").glob("*"))


# The command line


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_is_there_for_every_command(arguments, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    said = capsys.readouterr().out
    assert "usage: course" in said
    if arguments == ["--help"]:
        assert all(re.search(rf"^ +{name} +\S", said, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], ["progress"], ["hint", "1.1"], ["reset", "1.1"]])
def test_light_commands_import_nothing_heavy_and_are_quick(course, arguments):
    code = (
        "import sys\nfrom tiny_batch_kit.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], env={"TINY_BATCH_ROOT": str(course.root)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "heavy: []", done.stderr
    assert time.perf_counter() - began < 5  # far below a second on a quiet machine


def test_an_expected_error_is_one_sentence_and_exit_2(course):
    status, said = course.run("test", "--day", "3")
    assert status == 2
    assert said == "Day 3, Later, is still to come. Days that are ready: 1, 2.\n"
    assert "Traceback" in course.run("--traceback", "hint", "9.9")[1]


@pytest.mark.parametrize("arguments", [["hint", "9.9"], ["reset", "1.7"], ["solution", "x"], ["start", "--day", "7"]])
def test_every_command_answers_an_unknown_day_or_task_with_a_sentence(course, arguments):
    status, said = course.run(*arguments)
    assert status == 2
    assert len(said.splitlines()) == 1


# test


def test_untouched_red_is_expected_and_nothing_is_a_traceback(course):
    status, said = course.run("test", "--day", "1")
    assert status == 1
    assert "○ 1.1" in said
    assert "○ 1.2" in said
    assert "Nothing is written yet" in said
    assert "pdm run hint 1.1" in said
    assert "Traceback" not in said
    assert "NotImplementedError" not in said


def test_a_red_task_is_told_on_one_screen(course):
    minus = Record("", None, got="-1").fingerprint
    course.write(
        "tests/mutants/signatures.json",
        json.dumps(
            {"day_01/subtracts": {"test_day_01.py::test_adds": minus, "test_day_01.py::test_adds_anything": ""}}
        ),
    )
    course.fill("add", "return a - b")
    status, said = course.run("test", "--day", "1")
    assert status == 1
    assert "✗ 1.1" in said
    assert "○ 1.2" in said
    for part in ("add both", "2 and 3", "-1", "5", "You subtracted.", "looks like", "day-01.md", "pdm run hint 1.1"):
        assert part in said
    assert len(said.splitlines()) <= 24


def test_a_green_day_exits_with_0_and_a_task_can_be_named_both_ways(course):
    course.solve()
    assert course.run("test", "--day", "1")[0] == 0
    status, said = course.run("test", "--day", "1", "--task", "2")
    assert status == 0
    assert "✓ 1.2" in said
    assert "1.1" not in said
    assert course.run("test", "--task", "1.2")[1] == said


def test_a_task_that_waits_for_an_earlier_one_says_so(course):
    course.fill("double", "return add(a, a)")
    said = course.run("test", "--day", "2")[1]
    assert "1.1" in said
    assert course.run("test", "--day", "2", "--borrow")[0] == 0


def test_a_syntax_error_is_a_panel_with_file_and_line(course):
    course.fill("add", "return a +")
    status, said = course.run("test", "--day", "1")
    assert status == 1
    assert "src/tiny_batch/adding.py:8" in said
    assert "SyntaxError: invalid syntax" in said
    assert "Traceback" not in said
    assert "<frozen" not in said


def test_a_name_that_is_gone_is_told_with_the_file(course):
    course.write("src/tiny_batch/adding.py", '"""Mine."""\n')
    status, said = course.run("test", "--day", "1")
    assert status == 1
    assert "cannot import name" in said
    assert "Traceback" not in said


def test_a_hang_ends_with_its_own_message(course):
    course.fill("add", "while True:\n    pass")
    course.write("pytest.ini", (course.root / "pytest.ini").read_text())
    status, said = course.run("test", "--day", "1", "--", "--timeout=1")
    assert status == 1
    assert "loop" in said
    assert "adding.py:8" in said
    assert "Traceback" not in said


def test_a_python_that_dies_is_told_with_its_test(course):
    course.fill("add", "import os\nos.kill(os.getpid(), 9)")
    status, said = course.run("test", "--day", "1")
    assert status == 1
    assert "Python died in test_adds: killed (signal 9)" in said
    assert "memory" in said


def test_a_file_that_is_gone_or_ends_python_is_told_with_what_to_do(course):
    adding = course.mine / "adding.py"
    adding.write_text(adding.read_text() + "raise SystemExit(1)\n")
    said = course.run("test", "--day", "1")[1]
    assert "src/tiny_batch/adding.py:" in said
    assert "SystemExit: 1" in said
    assert "INTERNALERROR" not in said
    adding.unlink()
    said = course.run("test", "--day", "1")[1]
    assert "No module named 'tiny_batch.adding'" in said
    assert "pdm run reset --file adding.py" in said


END = "import os\nos._exit(0)"
AT_EXIT = "\nimport atexit, os\natexit.register(lambda: os._exit({}))\n"
WAYS = (["test", "--day", "1"], ["test", "--task", "1.2", "--raw"], ["test"])


def append(course, text):
    course.write("src/tiny_batch/adding.py", (course.mine / "adding.py").read_text() + text)


@pytest.mark.parametrize("arguments", WAYS)
def test_no_status_of_the_codes_own_makes_red_green(course, arguments):
    course.write("tests/kit/test_x.py", "def test_x():\n    pass\n")
    course.write("tests/book/test_y.py", "def test_y():\n    pass\n")
    append(course, AT_EXIT.format(0))
    status, said = course.run(*arguments)
    assert status == 1, said
    assert "look for os._exit" in said.lower()
    course.solve()
    append(course, AT_EXIT.format(0))
    assert course.run(*arguments)[0] == 0
    append(course, AT_EXIT.format(3))  # the one that was registered last is called first
    assert course.run(*arguments)[0] != 0


@pytest.mark.parametrize("arguments", WAYS)
def test_code_that_ends_python_in_a_test_is_told_with_its_test(course, arguments):
    course.write("tests/kit/test_x.py", "def test_x():\n    pass\n")
    course.write("tests/book/test_y.py", "def test_y():\n    pass\n")
    course.solve()
    append(course, "\n\ndef count(numbers):\n    import os\n    os._exit(0)\n")
    status, said = course.run(*arguments)
    assert status == 1, said
    assert "ended" in said
    assert "test_counts" in said
    assert "os._exit" in said


@pytest.mark.parametrize("arguments", WAYS)
def test_code_that_ends_python_as_it_is_imported_is_told(course, arguments):
    course.write("tests/kit/test_x.py", "def test_x():\n    pass\n")
    course.write("tests/book/test_y.py", "def test_y():\n    pass\n")
    append(course, END + "\n")
    status, said = course.run(*arguments)
    assert status == 1, said
    assert "import" in said.lower()
    assert "os._exit" in said


def test_progress_believes_no_status_either(course):
    course.fill("add", END)
    said = course.run("progress")[1]
    assert "0 of 3 tasks" in said
    assert "✗ 1.1" in said


def test_a_message_tells_to_type_what_this_student_types(course, monkeypatch):
    assert "pdm run hint 1.1" in course.run("test", "--day", "1")[1]
    monkeypatch.setenv("TINY_BATCH_RUN", "./scripts/course")
    assert "./scripts/course hint 1.1" in course.run("test", "--day", "1")[1]


def test_no_test_at_all_is_an_error(course):
    status, said = course.run("test", "--day", "1", "--", "-k", "nothing_has_this_name")
    assert status != 0
    assert "no test" in said.lower()


def test_raw_is_plain_pytest(course):
    status, said = course.run("test", "--day", "1", "--raw")
    assert status == 1
    assert "Task 1.1: add: see book/src/day-01.md" in said
    assert "4 failed in" in said


def test_the_whole_suite_ends_in_pytests_own_line(course):
    course.write("tests/kit/test_x.py", "def test_x():\n    pass\n")
    course.write("tests/book/test_y.py", "def test_y():\n    pass\n")
    status, said = course.run("test", "--ref")
    assert status == 0, said
    assert "7 passed in" in said.splitlines()[-1]
    status, said = course.run("test")
    assert status == 1
    assert "2 passed" in said
    assert "5 not begun" in said
    assert "NotImplementedError" not in said


def test_a_folder_is_tested_and_one_without_an_implementation_is_refused(course):
    assert course.run("test", "--day", "1", "--impl", str(course.reference))[0] == 0
    status, said = course.run("test", "--day", "1", "--impl", str(course.root))
    assert status == 2
    assert "holds no implementation" in said


# progress


def test_progress_follows_the_files_and_never_an_old_result(course):
    assert "0 of 3 tasks" in course.run("progress")[1]
    course.solve()
    assert "3 of 3 tasks" in course.run("progress")[1]
    adding = course.mine / "adding.py"
    solved = adding.read_text()
    adding.write_text(solved.replace("return a + b", "return a - b"))
    said = course.run("progress")[1]
    assert "✗ 1.1" in said
    assert "✓ 1.1" not in said
    assert "✗ 2.1" in said  # what Day 2 builds on is broken
    adding.write_text(solved)
    assert "3 of 3 tasks" in course.run("progress")[1]


def test_a_hole_left_below_an_answer_does_not_hide_it(course):
    adding = course.mine / "adding.py"
    hole = '    raise NotImplementedError("Task 1.1: add: see book/src/day-01.md")'
    adding.write_text(adding.read_text().replace(hole, f"    return a + b\n{hole}"))
    assert "✓ 1.1" in course.run("progress")[1]


def test_progress_does_not_fall_for_an_edit_of_the_tests(course):
    course.solve()
    assert "3 of 3 tasks" in course.run("progress")[1]
    tests = course.root / "tests" / "test_day_02.py"
    tests.write_text(tests.read_text().replace("double(4), 8", "double(4), 9"))
    assert "✗ 2.1" in course.run("progress")[1]


def test_progress_says_what_is_next_and_shows_days_to_come(course):
    said = course.run("progress")[1]
    assert "Next: Task 1.1" in said
    assert re.search(r"Day +3 +Later +to come", said)


# hint


def test_each_hint_goes_one_step_further_and_the_last_says_so(course):
    first, second, third, fourth = (course.run("hint", "1.2")[1] for _ in range(4))
    assert "a nudge at sums" in first
    assert "the place of sums" not in first
    assert "the place of sums" in second
    assert "the plan of sums" not in second
    assert "the plan of sums" in third
    assert "last" in third
    assert "no further hint" in fourth
    assert "3 hints" in course.run("progress")[1]
    course.run("hint", "1.2", "--reset")
    assert "a nudge at sums" not in course.run("hint", "1.2", "--again")[1]


def test_a_long_hint_is_never_broken_inside_a_word(course):
    words = " ".join(f"word{number:02}" for number in range(40))
    course.write("course.toml", (course.root / "course.toml").read_text().replace("a nudge at adding", words))
    said = course.run("hint", "1.1")[1]
    assert all(f"word{number:02}" in said for number in range(40))
    assert max(len(line) for line in said.splitlines()) <= 100


def test_a_hint_without_a_task_is_for_the_next_one(course):
    assert "a nudge at adding" in course.run("hint")[1]
    course.fill("add", "return a + b")
    assert "a nudge at sums" in course.run("hint")[1]


# reset and start


def test_reset_puts_one_hole_back_keeps_other_work_and_the_old_version(course):
    course.fill("add", "return a + b  # mine")
    course.fill("Sum.of", "return sum(numbers)  # mine too")
    before = (course.mine / "adding.py").read_text()
    status, said = course.run("reset", "1.1")
    after = (course.mine / "adding.py").read_text()
    assert status == 0
    assert "Task 1.1: add" in after
    assert "# mine too" in after
    assert "return a + b" not in after
    [folder] = backups(course)
    assert (folder / "adding.py").read_text() == before
    assert str(folder) in said.replace("\n", "")


def test_reset_of_a_whole_file_and_of_a_broken_one(course):
    course.write("src/tiny_batch/adding.py", "def add(:\n")
    status, said = course.run("reset", "1.1")
    assert status == 2
    assert "reset --file adding.py" in said
    assert (course.mine / "adding.py").read_text() == "def add(:\n"
    assert course.run("reset", "--file", "adding.py")[0] == 0
    starter = cut((course.reference / "adding.py").read_text(), "adding.py", load_course(course.root / "course.toml"))
    assert (course.mine / "adding.py").read_text() == starter
    assert (backups(course)[-1] / "adding.py").read_text() == "def add(:\n"
    assert course.run("reset", "--file", "../adding.py")[0] == 2
    assert course.run("reset")[0] == 2


def test_reset_leaves_every_other_byte_and_tells_what_it_cannot_read(course):
    adding = course.mine / "adding.py"
    course.fill("add", "return a + b")
    whole = adding.read_bytes().replace(b"\n", b"\r\n") + b'\r\nX = "a\x0cb"  # no line end behind this'
    adding.write_bytes(whole)
    assert course.run("reset", "1.1")[0] == 0
    before, after = whole.split(b"def add(a, b):")[0], whole.split(b"class Sum:")[1]
    assert adding.read_bytes().startswith(before)
    assert adding.read_bytes().endswith(after)
    adding.write_bytes("# café\n".encode("latin-1"))
    status, said = course.run("reset", "1.1")
    assert status == 2
    assert "adding.py:1 is not UTF-8" in said
    assert course.run("reset", "--file", "adding.py")[0] == 0
    assert (backups(course)[-1] / "adding.py").read_bytes() == "# café\n".encode("latin-1")


def test_reset_of_a_file_that_is_gone_names_no_backup(course):
    (course.mine / "adding.py").unlink()
    assert "pdm run reset --file adding.py" in course.run("reset", "1.1")[1]
    status, said = course.run("reset", "--file", "adding.py")
    assert status == 0
    assert "no such file" in said
    assert not backups(course)


def test_put_back_takes_decorators_along_and_nothing_around():
    starter = "class A:\n    @staticmethod\n    def f(x):\n        raise NotImplementedError\n\n\ndef g():\n    pass\n"
    mine = (
        "class A:\n    # my note\n    @classmethod\n    @staticmethod\n    def f(x):\n        return 1\n\n"
        "    def h(self):\n        pass\n\n\ndef g():\n    return 2\n"
    )
    got = put_back(mine, starter, ("A.f",), "a.py")
    assert "    # my note\n    @staticmethod\n    def f(x):\n        raise NotImplementedError\n" in got
    assert "classmethod" not in got
    assert "def h(self)" in got
    assert "return 2" in got
    with pytest.raises(KitError, match=r"has no A\.f"):
        put_back("x = 1\n", starter, ("A.f",), "a.py")


def test_start_fills_the_days_before_and_leaves_the_rest(course):
    course.fill("add", "return 'mine'")
    course.fill("double", "return 'also mine'")
    (course.mine / "notes.py").write_text("# my notes\n")
    status, said = course.run("start", "--day", "2")
    assert status == 0
    assert (course.mine / "adding.py").read_text() == (course.reference / "adding.py").read_text()
    assert "also mine" in (course.mine / "doubling.py").read_text()
    assert (course.mine / "notes.py").exists()
    [folder] = backups(course)
    assert "'mine'" in (folder / "adding.py").read_text()
    assert (folder / "notes.py").exists()
    assert "adding.py" in said
    assert course.run("start", "--day", "2")[0] == 0
    assert len(backups(course)) == 1


def test_start_makes_a_file_that_is_missing(course):
    (course.mine / "doubling.py").unlink()
    assert course.run("start", "--day", "2")[0] == 0
    assert "Task 2.1" in (course.mine / "doubling.py").read_text()


def test_two_backups_in_one_second_are_two(tmp_path):
    file, state = tmp_path / "a.py", State(tmp_path / "state")
    folders = []
    for text in ("one", "two", "three"):
        file.write_text(text)
        folders.append(state.back_up([file]))
    assert len(set(folders)) == 3
    assert [(folder / "a.py").read_text() for folder in folders] == ["one", "two", "three"]


def test_a_broken_state_file_is_an_empty_one(tmp_path):
    (tmp_path / "state.json").write_text("{")
    assert State(tmp_path).hints("1.1") == 0
    (tmp_path / "state.json").write_text("[]")
    assert State(tmp_path).hints("1.1") == 0


def test_two_states_of_one_folder_keep_each_others_entries(tmp_path):
    one, other = State(tmp_path), State(tmp_path)
    one.set_hints("1.1", 2)
    other.record("key", {"1.1": "passed"})
    one.give_up("1.2")
    fresh = State(tmp_path)
    assert (fresh.hints("1.1"), fresh.results("key"), fresh.given_up) == (2, {"1.1": "passed"}, ["1.2"])


# solution


def test_a_solution_opens_after_the_task_passes_or_when_given_up(course):
    status, said = course.run("solution", "1.1")
    assert status == 1
    assert "return a + b" not in said
    assert "--give-up" in said
    course.fill("count", "return len(numbers)")
    course.fill("Sum.of", "return sum(numbers)")
    status, said = course.run("solution", "1.2")
    assert status == 0
    assert "functools.reduce(add, numbers, 0)" in said
    assert "return len(numbers)" in said
    assert "given up" not in course.run("progress")[1]
    status, said = course.run("solution", "1.1", "--give-up")
    assert status == 0
    assert "return a + b" in said
    assert "(given up)" in course.run("progress")[1]
