import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.timeline import Event, Kind, Recorder, RowWork, Timeline, read_jsonl, summarise, write_jsonl
from tiny_batch_kit.timeline.events import MOMENTS
from tiny_batch_kit.timeline.files import last_group, save_group

TEXT = st.text(max_size=12)


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(list(Kind)))
    start = draw(st.floats(-1e6, 1e6))
    end = start if kind in MOMENTS else start + draw(st.floats(0, 1e6))
    return Event(
        kind,
        start,
        end,
        draw(st.integers(0, 10**6)),
        draw(st.integers(0, 7)),
        draw(TEXT),
        draw(st.integers(0, 5000)),
        draw(st.integers(0, 9)),
        draw(TEXT),
    )


@given(TEXT, st.lists(events(), max_size=6), st.dictionaries(TEXT, st.one_of(TEXT, st.integers()), max_size=3))
def test_json_lines_keep_everything(tmp_path_factory, label, found, facts):
    timeline = Timeline(label, 8, tuple(found), facts)
    path = tmp_path_factory.mktemp("timeline") / "one.jsonl"
    assert read_jsonl(write_jsonl(timeline, path)) == timeline


def written(tmp_path, *lines):
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


HEADER = {"tiny-batch-timeline": 1, "label": "x", "slots": 2, "facts": {}}
GOOD = {"kind": "decode", "start": 0, "end": 1, "step": 0, "slot": 0, "request": "a"}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "line 1: not JSON"),
        (["[1, 2]"], "line 1: no timeline header"),
        ([{**HEADER, "tiny-batch-timeline": 2}], "version 2"),
        ([{**HEADER, "slots": True}], "line 1"),
        ([{**HEADER, "slots": 0}], "line 1.*at least 1"),
        ([HEADER, GOOD, '{"kind": "deco'], "line 3: not JSON"),
        ([HEADER, "", GOOD, "[]"], "line 4: .*JSON object"),
        ([HEADER, {**GOOD, "kind": "sleep"}], "line 2: .*sleep"),
        ([HEADER, {**GOOD, "colour": 1}], "line 2: .*colour"),
        ([HEADER, {**GOOD, "start": "0"}], "line 2: .*start"),
        ([HEADER, {**GOOD, "slot": True}], "line 2: .*slot"),
        ([HEADER, {k: v for k, v in GOOD.items() if k != "end"}], "line 2: .*end"),
        ([HEADER, {**GOOD, "end": -1}], "line 2: .*before it starts"),
        ([HEADER, {**GOOD, "slot": 5}], "at least 6"),
        ([HEADER, json.dumps(GOOD).replace("1", "NaN", 1)], "line 2: .*finite"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, lines, says):
    with pytest.raises(KitError, match=says):
        read_jsonl(written(tmp_path, *lines))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(KitError, match="can't be read"):
        read_jsonl(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": Kind.DECODE, "slot": None, "request": "a"},
        {"kind": Kind.PREFILL, "slot": 0, "request": None},
        {"kind": Kind.FINISH, "request": None},
        {"kind": Kind.ARRIVE, "request": "a", "end": 2.0},
        {"kind": Kind.STEP, "step": -1},
    ],
)
def test_an_event_whose_parts_do_not_fit_is_refused(wrong):
    with pytest.raises(KitError, match="not a timeline event"):
        Event(**{"start": 0.0, "end": 0.0, "step": 0, **wrong})


def static_batch(*steps, eos=None, seconds=0.5):
    clock = VirtualClock(100.0)
    recorder = Recorder(clock, "batch")
    on_step = recorder.static_batch([str(i) for i in range(len(steps[0]))], eos_token_id=eos)
    for sampled in steps:
        clock.advance(seconds)
        on_step(list(sampled))
    return recorder.timeline()


def test_a_static_batch_is_recorded_row_by_row():
    timeline = static_batch([5, 0], [6, None], [7, None], eos=0)
    kinds = {slot: [str(e.kind) for e in timeline.events if e.slot == slot] for slot in (0, 1)}
    assert kinds == {0: ["prefill", "decode", "decode", "finish"], 1: ["prefill", "finish", "wasted", "wasted"]}
    ends = {e.request: (e.start, e.note) for e in timeline.of(Kind.FINISH)}
    assert ends == {"0": (1.5, "length"), "1": (0.5, "stop")}
    assert (timeline.start, timeline.end, timeline.slots) == (0.0, 1.5, 2)


def test_without_eos_a_row_ends_at_its_last_token_and_nothing_is_said_of_why():
    timeline = static_batch([5, 9], [6, None])
    assert {e.request: (e.start, e.note) for e in timeline.of(Kind.FINISH)} == {"0": (1.0, ""), "1": (0.5, "")}


def test_the_totals_of_a_static_batch():
    total = summarise(static_batch([5, 0], [6, None], [7, None], eos=0))
    assert (total.steps, total.row_steps, total.wasted_row_steps, total.requests) == (3, 6, 2, 2)
    assert total.tokens == 3  # the end-of-text token is no token of an answer
    assert total.seconds == 1.5
    assert total.tokens_per_second == pytest.approx(2.0)
    assert total.occupancy == pytest.approx(4 / 6)


def test_nothing_adds_up_to_nothing():
    total = summarise(Timeline("empty", 1))
    assert (total.seconds, total.tokens_per_second, total.occupancy) == (0.0, 0.0, 0.0)


def test_one_batch_after_another_on_one_recorder():
    clock = VirtualClock()
    recorder = Recorder(clock, "one by one")
    for name in "abc":
        on_step = recorder.static_batch([name])
        clock.advance(1.0)
        on_step([4])
        clock.advance(0.25)  # between two batches: nobody's time
    timeline = recorder.timeline(model="none")
    assert [(e.start, e.end, e.step) for e in timeline.of(Kind.STEP)] == [(0, 1, 0), (1.25, 2.25, 1), (2.5, 3.5, 2)]
    assert [e.request for e in timeline.of(Kind.FINISH)] == ["a", "b", "c"]
    assert timeline.slots == 1
    assert timeline.facts == {"model": "none"}


def test_an_engine_records_mixed_steps_and_moments():
    clock = VirtualClock()
    recorder = Recorder(clock, "engine", slots=4)
    recorder.arrive("a")
    recorder.begin()
    clock.advance(1)
    recorder.step([RowWork(0, Kind.PREFILL, "a", tokens=16), RowWork(1, Kind.IDLE)])
    recorder.preempt("a", 0)
    recorder.finish("a", note="cancelled")
    timeline = recorder.timeline()
    assert timeline.slots == 4
    assert [str(e.kind) for e in timeline.events] == ["arrive", "step", "prefill", "idle", "preempt", "finish"]
    assert recorder.steps == 1


def test_a_wrong_number_of_rows_is_refused():
    recorder = Recorder(VirtualClock(), "x")
    with pytest.raises(KitError, match="one each"):
        recorder.static_batch(["a", "b"], prompt_tokens=[1])
    with pytest.raises(KitError, match="one entry a row"):
        recorder.static_batch(["a", "b"])([1])


def test_a_group_replaces_its_own_files_only(tmp_path):
    (tmp_path / "mine.jsonl").write_text("kept")
    one, two = Timeline("One by one", 1), Timeline("Static batch!", 2)
    save_group([two], "day-02", tmp_path)
    save_group([one, two, one], "demo", tmp_path)
    paths = save_group([one, two], "demo", tmp_path)
    assert [path.name for path in paths] == ["demo-1-one-by-one.jsonl", "demo-2-static-batch.jsonl"]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"mine.jsonl", "day-02-1-static-batch.jsonl", *(path.name for path in paths)}
    assert set(last_group(tmp_path)) == set(paths)


def test_no_timeline_yet_is_said_with_what_to_do(tmp_path):
    with pytest.raises(KitError, match="pdm run demo"):
        last_group(tmp_path)
