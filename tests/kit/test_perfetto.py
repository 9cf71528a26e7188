"""A trace is valid by Chrome's Trace Event Format, and by what Perfetto asks of it beyond: slices that nest."""

import json
import random
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.timeline.events import Kind, Timeline, write_jsonl
from tiny_batch_kit.timeline.perfetto import chrome_trace, trace_text
from tiny_batch_kit.timeline.recorder import Recorder, RowWork

PHASES = {"X", "i", "C", "M"}


def run(seed=0, requests=9, slots=3):
    """A made-up run: arrivals at odd moments, prompts of several steps, somebody sent back."""
    rng, clock = random.Random(seed), VirtualClock(5.0)
    recorder = Recorder(clock, f"run {seed}", slots)
    coming = [str(number) for number in range(requests)]
    left, running = {}, []
    waiting = []
    while coming or waiting or running:
        while coming and rng.random() < 0.5:
            waiting.append(coming.pop(0))
            left.setdefault(waiting[-1], rng.randint(2, 6))
            recorder.arrive(waiting[-1])
        if len(running) == slots and rng.random() < 0.2:
            waiting.insert(0, running.pop())
            recorder.preempt(waiting[0])
        fresh = set()
        while waiting and len(running) < slots:
            running.append(waiting.pop(0))
            fresh.add(running[-1])
        recorder.begin()
        clock.advance(rng.random() / 7)
        if running:
            recorder.step(
                [
                    RowWork(slot, Kind.PREFILL if name in fresh else Kind.DECODE, name, 5 if name in fresh else 1, 1)
                    for slot, name in enumerate(running)
                ]
            )
        for name in list(running):
            left[name] -= 1
            if not left[name]:
                running.remove(name)
                recorder.finish(name, note="length")
        clock.advance(rng.choice([0.0, 0.01]))
    return recorder.timeline()


TIMELINES = [run(1), run(2, requests=5, slots=2)]


def events(*phases, timelines=TIMELINES):
    return [event for event in chrome_trace(timelines)["traceEvents"] if event["ph"] in phases]


def test_it_is_json_in_the_object_form():
    trace = json.loads(trace_text(TIMELINES))
    assert set(trace) == {"traceEvents", "displayTimeUnit"}
    assert trace["displayTimeUnit"] in ("ms", "ns")
    assert trace == chrome_trace(TIMELINES)


def test_every_event_has_the_keys_of_its_phase():
    for event in chrome_trace(TIMELINES)["traceEvents"]:
        assert event["ph"] in PHASES
        assert isinstance(event["name"], str)
        assert event["name"]
        assert all(type(event[key]) is int and event[key] >= 0 for key in ("pid", "tid", "ts"))
        assert event["pid"] > 0 < event["tid"]  # Perfetto takes 0 for none, and puts what it has on some other track
        assert isinstance(event["args"], dict)
        if event["ph"] == "X":
            assert type(event["dur"]) is int
            assert event["dur"] >= 0
        if event["ph"] == "i":
            assert event["s"] == "t"
        if event["ph"] == "C":
            assert all(type(value) is int and value >= 0 for value in event["args"].values())
            assert len(event["args"]) == 1


def test_metadata_comes_first_and_the_rest_by_time():
    found = chrome_trace(TIMELINES)["traceEvents"]
    kinds = [event["ph"] == "M" for event in found]
    assert kinds == sorted(kinds, reverse=True)
    times = [event["ts"] for event in found if event["ph"] != "M"]
    assert times == sorted(times)


@pytest.mark.parametrize("seed", range(12))
def test_slices_of_a_track_nest(seed):
    tracks = defaultdict(list)
    for event in events("X", timelines=[run(seed)]):
        tracks[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for track in tracks.values():
        open_ = []
        for begin, end in track:
            while open_ and open_[-1] <= begin:
                open_.pop()
            assert not open_ or end <= open_[-1]
            open_.append(end)


def test_every_track_has_one_name():
    names = [(event["pid"], event["tid"]) for event in events("M") if event["name"] == "thread_name"]
    assert len(names) == len(set(names))
    assert {(event["pid"], event["tid"]) for event in events("X", "i", "C")} <= set(names)
    assert [event["args"]["name"] for event in events("M") if event["name"] == "process_name"] == ["run 1", "run 2"]


def test_steps_have_the_main_track_of_their_process_and_no_request_has_one():
    steps = {(event["pid"], event["tid"]) for event in events("X") if event["cat"] == "step"}
    assert steps == {(1, 1), (2, 2)}
    assert not {event["tid"] for event in events("X", "i") if event.get("cat") != "step"} & {1, 2}


def test_any_letter_stands_as_it_is():
    recorder = Recorder(VirtualClock(), "\U0001f642 \u2013 \u00e9", 1)
    recorder.arrive('\U0001f642"\\\n')
    text = trace_text([recorder.timeline()])
    assert "\\ud83d" not in text
    assert '"name":"\U0001f642 \u2013 \u00e9"' in text
    assert json.loads(text) == chrome_trace([recorder.timeline()])


def test_who_waits_for_less_than_a_microsecond_does_not_wait():
    clock = VirtualClock()
    recorder = Recorder(clock, "one", 1)
    recorder.arrive("a")
    clock.advance(4e-7)
    recorder.begin()
    clock.advance(0.5)
    recorder.step([RowWork(0, Kind.PREFILL, "a", 4, 1)])
    found = [event["name"] for event in events("X", timelines=[recorder.timeline()]) if event["cat"] == "row"]
    assert found == ["reading"]


def test_each_step_is_a_slice():
    for pid, timeline in enumerate(TIMELINES, start=1):
        steps = [event for event in events("X") if event["pid"] == pid and event["cat"] == "step"]
        expected = list(timeline.of(Kind.STEP))
        assert [event["args"]["tokens"] for event in steps] == [step.tokens for step in expected]
        assert sum(event["args"]["rows"] for event in steps) == len(list(timeline.of(Kind.PREFILL, Kind.DECODE)))
        seconds = sum(event["dur"] for event in steps) / 1e6
        assert seconds == pytest.approx(sum(step.end - step.start for step in expected), abs=1e-4)


def test_each_request_is_a_track_with_all_its_tokens():
    timeline = TIMELINES[0]
    lives = [event for event in events("X") if event["pid"] == 1 and event["cat"] == "request"]
    lives.sort(key=lambda event: event["tid"])
    assert [event["name"] for event in lives] == [f"request {name}" for name in timeline.requests()]
    rows = Counter()
    for event in events("X"):
        if event["pid"] == 1 and event["cat"] == "row":
            rows[event["tid"]] += event["args"]["sampled"]
    assert [rows[event["tid"]] for event in lives] == [event["args"]["tokens"] for event in lives]
    assert {event["args"]["end"] for event in lives} == {"length"}


def test_a_request_waits_reads_and_decodes():
    clock = VirtualClock()
    recorder = Recorder(clock, "one", 1)
    recorder.arrive("a")
    clock.advance(2)
    for kind, tokens, sampled in ((Kind.PREFILL, 4, 0), (Kind.PREFILL, 3, 1), (Kind.DECODE, 1, 1)):
        recorder.begin()
        clock.advance(0.5)
        recorder.step([RowWork(0, kind, "a", tokens, sampled)])
    recorder.preempt("a")
    clock.advance(1)
    recorder.begin()
    clock.advance(0.5)
    recorder.step([RowWork(0, Kind.PREFILL, "a", 9, 1)])
    recorder.finish("a", 0, "stop")
    found = events("X", "i", timelines=[recorder.timeline()])
    assert [(e["name"], e["ts"] / 1e6, e.get("dur", 0) / 1e6) for e in found if e["tid"] == 2] == [
        ("request a", 0, 5),
        ("waiting", 0, 2),
        ("reading", 2, 1),
        ("decoding", 3, 0.5),
        ("waiting", 3.5, 1),
        ("sent back", 3.5, 0),
        ("reading", 4.5, 0.5),
        ("finished", 5, 0),
    ]


def test_counters_count():
    clock = VirtualClock()
    recorder = Recorder(clock, "two", 1)
    recorder.arrive("a")
    recorder.arrive("b")
    clock.advance(1)
    recorder.begin()
    clock.advance(1)
    recorder.step([RowWork(0, Kind.PREFILL, "a", 7, 1)])
    recorder.step([RowWork(0, Kind.DECODE, "a", 4, 2)])  # 3 guesses, 1 of them kept
    recorder.finish("a", 0)
    clock.advance(1)
    recorder.step([RowWork(0, Kind.PREFILL, "b", 5, 1)])
    found = [(e["ts"] / 1e6, e["name"], *e["args"].values()) for e in events("C", timelines=[recorder.timeline()])]
    assert [each for each in found if each[1] == "queue"] == [(0, "queue", 2), (1, "queue", 1), (2, "queue", 0)]
    assert [each for each in found if each[1] == "batch"] == [(0, "batch", 0), (1, "batch", 1)]
    assert [each[2] for each in found if each[1] == "memory"] == [0, 7, 5]


def test_a_timeline_without_events_is_a_trace_too():
    assert events("X", "i", "C", timelines=[Timeline("nothing", 1)]) == []


def test_viz_writes_a_trace(tmp_path):
    source = write_jsonl(TIMELINES[0], tmp_path / "run.jsonl")
    target = tmp_path / "new" / "trace.json"
    done = subprocess.run(
        [sys.executable, "-m", "tiny_batch_kit", "viz", str(source), "--perfetto", str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(target.name) in done.stdout
    assert json.loads(target.read_text()) == chrome_trace(TIMELINES[:1])
