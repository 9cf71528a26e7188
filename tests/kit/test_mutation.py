import tomllib

import pytest

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.mutation.changes import Change, changes_of
from tiny_batch_kit.authors.mutation.equivalent import as_toml, read_equivalent
from tiny_batch_kit.authors.mutation.runs import Tried, in_doubt, load, save
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course.cutter import regions
from tiny_batch_kit.grading.records import Record, Status

SLOTS = Change("6.1", "slots.py", "SlotManager.free_slot", "if a: → if not a:", "")


@pytest.fixture(scope="module")
def changes():
    pytest.importorskip("mutmut")
    layout = Layout.of(ROOT)
    return changes_of(layout, layout.course.day(10))


def test_a_change_stands_inside_its_region(changes):
    for change in changes:
        before = (ROOT / "src/tiny_batch_ref" / change.file).read_text(encoding="utf-8")
        there = {(each.task, each.symbol): each for each in regions(before, change.file)}
        region = there[change.task, change.symbol]
        old, new = before.splitlines(), change.source.splitlines()
        behind = len(old) - region.end
        assert old[: region.begin + 1] == new[: region.begin + 1]
        assert old[-behind:] == new[-behind:]
        assert old != new


def test_limits_and_orders_are_changed(changes):
    lines = {change.lines for change in changes if change.symbol == "PreemptiveScheduler._make_room"}
    assert (
        "while self.memory_used > self.max_memory_tokens: → while self.memory_used >= self.max_memory_tokens:" in lines
    )


def test_words_are_left_alone(changes):
    assert not [change for change in changes if "raise" in change.lines or "XX" in change.source]


def test_an_equivalent_needs_a_reason(tmp_path):
    file = tmp_path / "equivalent.toml"
    assert read_equivalent(file) == {}
    file.write_text(as_toml([SLOTS]), encoding="utf-8")
    with pytest.raises(KitError, match="say why"):
        read_equivalent(file)


@pytest.mark.parametrize("lines", ["if a: → if b:", "x['a'] → x['b']", "'a\\n' \"b\" → c"])
def test_what_is_printed_can_be_pasted_into_the_file(lines):
    text = as_toml([Change("6.1", "slots.py", "SlotManager.free_slot", lines, "")])
    assert tomllib.loads(text) == {"slots.py SlotManager.free_slot": {lines: ""}}


def test_what_is_saved_can_be_loaded(tmp_path):
    tried = [Tried(SLOTS, [Record("t.py::a", "6.1", Status.FAILED, got="0")], survived=False)]
    save(tried, tmp_path / "runs.json")
    assert load(tmp_path / "runs.json") == tried


def test_a_hang_alone_is_no_proof():
    slow, wrong = Record("t.py::a", "6.1", Status.TIMEOUT), Record("t.py::b", "6.1", Status.FAILED)
    assert in_doubt(Tried(SLOTS, [slow], survived=False))
    assert in_doubt(Tried(SLOTS, [], survived=False))
    assert not in_doubt(Tried(SLOTS, [slow, wrong], survived=False))
