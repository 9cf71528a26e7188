import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.syllabus import load_course


def test_the_course_holds_days_tasks_and_hints(course):
    fake = load_course(course.root / "course.toml")
    assert [day.number for day in fake.days] == [1, 2, 3]
    assert [day.number for day in fake.ready] == [1, 2]
    assert fake.task("1.2").symbols == ("Sum.of", "count")
    assert fake.day(1).task("2") == fake.task("1.2") == fake.day(1).task("1.2")
    assert fake.day_of("2.1").title == "Doubling"


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda c: c.day(17), "no day 17. Days are numbered 1 to 3"),
        (lambda c: c.ready_day(3), "Day 3, Later, is still to come. Days that are ready: 1, 2"),
        (lambda c: c.task("1.9"), r"Day 1 has no task 1\.9. It has: 1\.1, 1\.2"),
        (lambda c: c.task("left_pad"), r"name one like 2\.3"),
        (lambda c: c.task("2"), r"name one like 2\.3"),
        (lambda c: c.task("3.1"), "still to come"),
        (lambda c: c.day(1).task("2.1"), r"Day 1 has no task 2\.1"),
    ],
)
def test_what_is_unknown_is_answered_with_what_there_is(course, ask, sentence):
    with pytest.raises(KitError, match=sentence):
        ask(load_course(course.root / "course.toml"))


def test_a_missing_or_broken_file_is_one_sentence(course):
    with pytest.raises(KitError, match="can't be read"):
        load_course(course.root / "nothing.toml")
    with pytest.raises(KitError, match="not valid TOML"):
        load_course(course.write("a.toml", "title = "))
    with pytest.raises(KitError, match="days"):
        load_course(course.write("b.toml", 'title = "x"'))


def test_the_real_course_is_whole():
    days = load_course().days
    assert [day.number for day in days] == list(range(1, 17))
    assert all(len(task.hints) == 3 for day in days for task in day.tasks)
