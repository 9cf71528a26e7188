from pathlib import Path

import pytest

from tiny_batch_kit.authors.coursecheck import layout as layouts
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.grading.looks_like import Wrong, all_wrong, looks_like, read_signatures, read_wrong
from tiny_batch_kit.grading.records import Record, Status

P, F, H = Status.PASSED, Status.FAILED, Status.HOLE


def wrong(name, task="1.1"):
    return Wrong(f"You did {name}.", task, "t.py::a", Path(f"day_01/{name}.py"))


def guess(statuses, signatures, task="1.1", known=None, gots=None):
    """Statuses and signatures by name of test; the student got 0 everywhere, a wrong solution what `gots` says."""
    records = [Record(f"tests/t.py::{test}", owner, status, got="0") for test, (owner, status) in statuses.items()]
    known = known or [wrong(name) for name in signatures]
    recorded = {
        f"day_01/{name}": {
            f"t.py::{test}": Record("", None, got=(gots or {}).get(name, "0")).fingerprint for test in tests
        }
        for name, tests in signatures.items()
    }
    return looks_like(task, records, known, recorded)


def test_the_same_failures_look_like_the_wrong_solution():
    run = {"a": ("1.1", F), "b": ("1.1", P), "c": ("1.2", F)}
    assert guess(run, {"x": ["a", "c"], "y": ["a", "b", "c"]}) == ["You did x."]


def test_a_test_that_met_a_hole_says_nothing():
    run = {"a": ("1.1", F), "b": ("1.1", P), "c": ("1.2", H)}
    assert guess(run, {"x": ["a", "c"]}) == ["You did x."]


def test_another_task_wrong_in_its_own_way_does_not_hide_the_match():
    run = {"a": ("1.1", F), "b": ("1.1", P), "c": ("1.2", F)}
    assert guess(run, {"x": ["a"]}) == ["You did x."]


def test_no_match_no_guess():
    run = {"a": ("1.1", F), "b": ("1.1", P)}
    assert guess(run, {"x": ["b"], "y": ["a", "b"]}) == []
    assert guess(run, {"x": ["a"]}, known=[wrong("x", task="1.2")]) == []
    assert guess({"a": ("1.1", P)}, {"x": []}) == []


def test_two_may_match_and_more_say_nothing():
    run = {"a": ("1.1", F)}
    assert len(guess(run, {"x": ["a"], "y": ["a"]})) == 2
    assert guess(run, {"x": ["a"], "y": ["a"], "z": ["a"]}) == []


def test_of_many_that_fail_alike_the_same_results_decide():
    run, alike = {"a": ("1.1", F)}, {"x": ["a"], "y": ["a"], "z": ["a"]}
    assert guess(run, alike, gots={"x": "1", "z": "2"}) == ["You did y."]
    assert guess(run, alike, gots={"x": "1", "y": "2", "z": "3"}) == []


def test_the_same_tests_with_other_results_are_no_match():
    run = {"a": ("1.1", F), "b": ("1.1", F)}
    assert guess(run, {"x": ["a", "b"]}) == ["You did x."]
    assert guess(run, {"x": ["a", "b"]}, gots={"x": "another result"}) == []


def test_a_test_that_was_stopped_says_nothing():
    run = {"a": ("1.1", F), "b": ("1.1", Status.TIMEOUT)}
    assert guess(run, {"x": ["a"]}) == []


@pytest.mark.parametrize(
    "docstring", ['"""You did."""', '"""You did.\n\ntask: 1.1\n"""', '"""\ntask: 1.1\ncaught-by: a.py::b\n"""', ""]
)
def test_a_wrong_solution_must_say_what_it_is(tmp_path, docstring):
    file = tmp_path / "x.py"
    file.write_text(docstring)
    with pytest.raises(KitError, match="misconception"):
        read_wrong(file)


def test_a_second_mistake_does_not_hide_the_first():
    run = {"a": ("1.1", F), "b": ("1.1", F), "c": ("1.1", P)}
    assert guess(run, {"x": ["a"]}) == ["You did x."]
    assert guess(run, {"x": ["a"]}, gots={"x": "another result"}) == []
    assert guess(run, {"x": ["a", "c"]}) == []
    assert guess(run, {"x": ["a"], "y": ["b"], "z": ["a"]}) == []


def test_what_explains_neither_the_first_red_test_nor_half_of_them_is_not_named():
    run = {"a": ("1.1", F), "b": ("1.1", F), "c": ("1.1", F), "d": ("1.1", P)}
    assert guess(run, {"x": ["a", "b"]}) == ["You did x."]
    assert guess(run, {"x": ["a"]}) == []
    assert guess(run, {"x": ["b", "c"]}) == []


class Told(Record):
    """A record with a fingerprint of its own."""

    told = ""

    @property
    def fingerprint(self):
        return self.told


def test_every_wrong_solution_is_recognised_or_two_others_fail_just_so():
    layout, signatures, known = layouts.Layout.of(ROOT), read_signatures(), all_wrong()
    missed = []
    for day in layout.days:
        tasks = {each.name: each.tasks[0] for each in layouts.tests_of((ROOT / day.tests).read_text(encoding="utf-8"))}
        of_day = [each for each in known if each.name.startswith(layouts.folder_of(day))]
        names = sorted({test for each in of_day for test in signatures[each.name]})
        for each in of_day:
            records = []
            for name in names:
                status = F if name in signatures[each.name] else P
                records.append(Told(name, tasks[name.split("::")[1].split("[")[0]], status))
                records[-1].told = signatures[each.name].get(name, "")
            alike = [other for other in of_day if signatures[other.name] == signatures[each.name]]
            named = looks_like(each.task, records, known, signatures)
            if each.misconception not in named and len([other for other in alike if other.task == each.task]) <= 2:
                missed.append((each.name, named))
    assert missed == []
