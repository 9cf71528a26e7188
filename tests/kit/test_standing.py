"""How the student stands: from test results of these very files, and from nothing else."""

import pytest

from tiny_batch_kit.course.state import State
from tiny_batch_kit.course.syllabus import load_course
from tiny_batch_kit.grading import standing as module
from tiny_batch_kit.grading.records import Record, Status
from tiny_batch_kit.grading.session import Outcome
from tiny_batch_kit.grading.standing import key_of, next_task, standing, untouched

PASSED, FAILED, HOLE = Status.PASSED, Status.FAILED, Status.HOLE


class Desk:
    """The fake course with its tests replaced by an answer that is set, and a count of the runs."""

    def __init__(self, course):
        self.course, self.whole = course, load_course(course.root / "course.toml")
        self.answer, self.runs = {}, 0

    def run_tests(self, tests):
        self.runs += 1
        return Outcome([Record(f"{tests[0]}::test", task, status) for task, status in self.answer.items()])

    def standing(self, day=1, **options):
        return standing(self.whole.day(day), self.whole, self.course.mine, **options)

    def untouched(self, day=1):
        return untouched(self.whole.day(day), self.whole, self.course.mine)

    def key(self, day):
        return key_of(self.whole.day(day), self.whole, self.course.mine)


@pytest.fixture
def desk(course, monkeypatch):
    made = Desk(course)
    monkeypatch.setattr(module, "ROOT", course.root)
    monkeypatch.setattr(module, "State", lambda: State(course.root / ".course"))
    monkeypatch.setattr(module, "folder_of", {"mine": course.mine, "ref": course.reference}.__getitem__)
    monkeypatch.setattr(module, "run_tests", made.run_tests)
    return made


def test_untouched_holes_need_no_run(desk):
    assert desk.standing().statuses == {"1.1": HOLE, "1.2": HOLE}
    assert desk.runs == 0


def test_a_result_counts_until_the_next_edit(desk):
    desk.course.fill("add", "return a + b")
    desk.answer = {"1.1": PASSED, "1.2": HOLE}
    assert desk.standing().statuses == desk.standing().statuses == {"1.1": PASSED, "1.2": HOLE}
    assert desk.runs == 1
    desk.course.write("src/tiny_batch/adding.py", (desk.course.mine / "adding.py").read_text() + "\nX = 1\n")
    desk.answer = {"1.1": FAILED, "1.2": HOLE}
    assert desk.standing().statuses["1.1"] is FAILED
    assert desk.runs == 2


def test_without_a_run_a_changed_day_is_stale_and_nothing_of_it_passes(desk):
    desk.course.fill("add", "return a + b")
    how = desk.standing(run=False)
    assert how.stale
    assert not how.done
    assert "1.1" not in how.statuses
    assert desk.runs == 0


def test_a_day_hangs_on_the_earlier_days_and_not_on_the_later_ones(desk):
    first, second = desk.key(1), desk.key(2)
    desk.course.fill("double", "return a")
    assert desk.key(1) == first
    assert desk.key(2) != second
    second = desk.key(2)
    desk.course.fill("add", "return a")
    assert second != desk.key(2)


@pytest.mark.parametrize("changed", ["tests/test_day_01.py", "pdm.lock"])
def test_a_result_does_not_outlive_its_tests_or_the_packages(desk, changed):
    before = desk.key(1)
    desk.course.write(changed, "# another\n")
    assert desk.key(1) != before


def test_notes_around_a_hole_leave_it_untouched_and_code_does_not(desk):
    file = desk.course.mine / "adding.py"
    file.write_text(file.read_text().replace("    raise", "    # add them up?\n    raise", 1))
    assert desk.untouched() == {"1.1", "1.2"}
    desk.course.fill("count", "return len(numbers)")
    assert desk.untouched() == {"1.1"}  # one function of Task 1.2 is enough


@pytest.mark.parametrize("content", [b"def add(:\n", b"\0", b"", None])
def test_a_file_that_is_broken_or_gone_is_not_untouched_and_no_run_means_failed(desk, content):
    file = desk.course.mine / "adding.py"
    file.unlink() if content is None else file.write_bytes(content)
    assert desk.untouched() == set()
    assert desk.standing().statuses == {"1.1": FAILED, "1.2": FAILED}


def test_a_file_in_another_encoding_is_read_all_the_same(desk):
    file = desk.course.mine / "adding.py"
    file.write_bytes(file.read_bytes() + "# café\n".encode("latin-1"))
    assert desk.untouched() == {"1.1", "1.2"}


def test_next_is_the_first_task_that_does_not_pass(desk):
    desk.course.solve()
    desk.answer = {"1.1": PASSED, "1.2": FAILED, "2.1": PASSED}
    assert next_task(desk.whole).id == "1.2"
    desk.course.write("pdm.lock", "# results of before count no more\n")
    desk.answer["1.2"] = PASSED
    assert next_task(desk.whole) is None
