"""What becomes of a test: ✓, ✗ or ○, and what is kept of it for the student."""

import pytest

from tiny_batch_kit.grading import session
from tiny_batch_kit.grading.records import Status


@pytest.fixture
def grade(course, monkeypatch):
    """Run the fake course's tests; returns {test name: record}."""
    monkeypatch.setenv("TINY_BATCH_ROOT", str(course.root))
    monkeypatch.setattr(session, "ROOT", course.root)

    def run(*tests, **options):
        outcome = session.run_tests(tests or ["tests/test_day_01.py"], **options)
        assert outcome.records, outcome.output
        return {record.test.rsplit("::", 1)[-1]: record for record in outcome.records}

    return run


def test_untouched_everything_is_a_hole_also_in_hypothesis_and_deep_inside_other_calls(course, grade):
    records = grade("tests/test_day_01.py", "tests/test_day_02.py")
    assert {record.status for record in records.values()} == {Status.HOLE}
    assert {name: record.hole for name, record in records.items()} == {
        "test_adds": "1.1",
        "test_adds_anything": "1.1",
        "test_sums": "1.2",
        "test_counts": "1.2",
        "test_doubles": "2.1",
    }
    course.fill("double", "return add(a, a)")
    assert grade("tests/test_day_02.py")["test_doubles"].hole == "1.1"


def test_passed_and_failed_with_what_was_asked_got_and_expected(course, grade):
    course.fill("add", "return a + b")
    course.fill("Sum.of", "return len(numbers)")
    records = grade()
    assert records["test_adds"].status is records["test_adds_anything"].status is Status.PASSED
    wrong = records["test_sums"]
    assert (wrong.status, wrong.task) == (Status.FAILED, "1.2")
    assert (wrong.asked, wrong.case, wrong.got, wrong.expected) == ("add all", "[1, 2, 3]", "3", "6")
    assert records["test_counts"].status is Status.HOLE


def test_the_smallest_case_is_shown_and_the_same_each_time(course, grade):
    course.fill("add", "return a + b if b < 7 else 0")
    first, again = grade()["test_adds_anything"], grade()["test_adds_anything"]
    assert first.case == again.case == "0 and 7"
    assert (first.got, first.expected) == ("0", "7")


def test_a_hole_wrapped_in_another_error_or_a_group_is_still_a_hole(course, grade):
    course.fill(
        "Sum.of", "try:\n    return add(1, 2)\nexcept Exception as error:\n    raise RuntimeError('no') from error"
    )
    course.fill(
        "count", "try:\n    add(1, 2)\nexcept Exception as error:\n    raise ExceptionGroup('all', [error]) from None"
    )
    records = grade()
    assert {records["test_sums"].hole, records["test_counts"].hole} == {"1.1"}


def test_not_implemented_outside_the_students_files_or_of_another_kind_is_no_hole(course, grade):
    helper = course.write("helper.py", 'def refuse():\n    raise NotImplementedError("Task 1.1: add: see the book")\n')
    course.fill("add", f"import sys\nsys.path.insert(0, {str(helper.parent)!r})\nimport helper\nhelper.refuse()")
    course.fill("count", 'raise NotImplementedError("I have no time")')
    records = grade()
    assert records["test_adds"].status is Status.FAILED
    assert records["test_counts"].status is Status.FAILED


def test_an_error_in_the_students_code_is_told_by_their_own_line(course, grade):
    course.fill("count", "return numbers.size")
    record = grade()["test_counts"]
    assert record.status is Status.FAILED
    assert record.error == "AttributeError"
    assert record.where.split("/")[-1].startswith("adding.py:")
    assert record.line == "return numbers.size"
    assert record.asked == ""


@pytest.mark.parametrize(("body", "hangs"), [("while True:\n    pass", 0), ("while b > 3:\n    pass\nreturn a + b", 1)])
def test_a_loop_without_end_is_stopped_and_what_follows_it_is_not_run(course, grade, monkeypatch, body, hangs):
    monkeypatch.setattr(session, "TEST_SECONDS", 1)
    course.fill("add", body)
    records = list(grade().values())
    assert [record.status for record in records[:hangs]] == [Status.PASSED] * hangs
    assert records[hangs].status is Status.TIMEOUT
    assert records[hangs].where.split("/")[-1].startswith("adding.py:")
    assert {record.status for record in records[hangs + 1 :]} == {Status.UNRUN}


def test_a_run_that_ignores_its_time_limit_is_killed_and_names_its_test(course, monkeypatch):
    monkeypatch.setenv("TINY_BATCH_ROOT", str(course.root))
    monkeypatch.setattr(session, "ROOT", course.root)
    course.fill("add", "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True:\n    pass")
    outcome = session.run_tests(["tests/test_day_01.py"], limit=3)
    assert outcome.killed_in is not None
    assert outcome.killed_in.endswith("::test_adds")
    assert not outcome.passed


def test_whose_code_runs(course, grade):
    tests = "tests/test_day_01.py", "tests/test_day_02.py"
    assert {record.status for record in grade(*tests, impl="ref").values()} == {Status.PASSED}
    assert {record.status for record in grade(*tests, impl=str(course.reference)).values()} == {Status.PASSED}
    course.fill("double", "return add(a, a)")
    course.fill("add", "return 0")
    assert grade("tests/test_day_02.py")["test_doubles"].status is Status.FAILED
    assert grade("tests/test_day_02.py", borrow_before=2)["test_doubles"].status is Status.PASSED


def test_a_task_alone_can_be_chosen(grade):
    assert set(grade(extra=["--task=1.2"])) == {"test_sums", "test_counts"}


def test_a_file_that_cannot_be_imported_is_no_result(course, monkeypatch):
    monkeypatch.setenv("TINY_BATCH_ROOT", str(course.root))
    monkeypatch.setattr(session, "ROOT", course.root)
    course.write("src/tiny_batch/adding.py", "def add(a, b)\n    return a\n")
    outcome = session.run_tests(["tests/test_day_01.py"])
    assert not outcome.passed
    assert not outcome.records
    assert "adding.py" in outcome.collection[0]
    assert "SyntaxError" in outcome.collection[0]


# Nothing but a test that ran and came back is a pass


@pytest.fixture
def outcome(course, monkeypatch):
    """Run the fake course's first day; returns the outcome."""
    monkeypatch.setenv("TINY_BATCH_ROOT", str(course.root))
    monkeypatch.setattr(session, "ROOT", course.root)
    return lambda: session.run_tests(["tests/test_day_01.py"])


def append(course, text):
    file = course.mine / "adding.py"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("status", [0, 3])
def test_a_status_that_the_code_sets_as_python_ends_is_not_pytests(course, outcome, status):
    append(course, f"\nimport atexit, os\natexit.register(lambda: os._exit({status}))\n")
    found = outcome()
    assert (found.exit_status, found.own_status) == (status, 1)
    assert {record.status for record in found.records} == {Status.HOLE}
    assert not found.passed


@pytest.mark.parametrize("end", ["os._exit(0)", "pytest.exit('x', 0)", "(_ for _ in ()).throw(KeyboardInterrupt)"])
def test_a_run_that_is_cut_short_names_its_test_and_is_no_pass(course, outcome, end):
    course.solve()
    append(course, f"\n\ndef count(numbers):\n    import os, pytest\n    {end}\n")
    found = outcome()
    assert found.ended_in.endswith("::test_counts")
    assert not found.passed
    course.solve()
    append(course, "\nimport os\nos._exit(0)\n")
    found = outcome()
    assert found.ended_in == ""
    assert not found.passed


@pytest.mark.parametrize("way", ["raise SystemExit(0)", "import pytest; pytest.skip()", "import sys; sys.exit()"])
def test_code_that_leaves_or_skips_its_test_has_failed_it(course, outcome, way):
    course.solve()
    append(course, f"\n\ndef count(numbers):\n    {way}\n")
    found = outcome()
    assert {record.name: record.status for record in found.records}["test_day_01.py::test_counts"] is Status.FAILED
    assert not found.passed


@pytest.mark.parametrize(
    "patch",
    [
        "import pytest; pytest.Function.runtest = lambda self: None",
        "import pytest; pytest.Function.runtest = lambda self: pytest.skip()",
        "import pytest; pytest.Session.exitstatus = property(lambda self: 0, lambda self, status: None)",
        "import pytest; pytest.skip('later', allow_module_level=True)",
        "import pytest; pytest.TestReport.failed = False; pytest.TestReport.passed = True",
    ],
)
def test_code_that_changes_pytest_passes_nothing(course, outcome, patch):
    append(course, f"\n{patch}\n")
    assert not outcome().passed
