import argparse
import io
import re
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from tiny_batch_kit.base.console import cell
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import bench, demo, viz
from tiny_batch_kit.course import holes, implementations
from tiny_batch_kit.machine.hardware import cpu_name
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.serving.prompts import PROMPTS, sample
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import Asked, from_jobs, from_prompts
from tiny_batch_kit.serving.ways import WAYS
from tiny_batch_kit.serving.workloads import Lengths, poisson
from tiny_batch_kit.shows import experiments
from tiny_batch_kit.shows.demo import agreement
from tiny_batch_kit.shows.demo.live import LiveBoard
from tiny_batch_kit.shows.demo.show import Plan, pace, ready_ways, run_demo
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.timeline import Kind, Timeline, read_jsonl, summarise

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture(scope="module")
def checkpoint():
    return load_checkpoint("tiny-random")


@pytest.fixture(scope="module")
def asked(checkpoint):
    return from_prompts(checkpoint, 12, cap=10, every=0.01)


def served(way, checkpoint, asked, slots=5, watcher=None):
    run = Run(way.name, checkpoint, asked, slots, checkpoint.eos_token_id, watcher)
    way.serve(run)
    return run.served()


def console(width=90, terminal=False):
    return Console(file=io.StringIO(), width=width, height=30, force_terminal=terminal, legacy_windows=False)


def test_prompts_are_varied():
    assert len(PROMPTS) >= 16
    assert len({prompt.text for prompt in PROMPTS}) == len(PROMPTS)
    assert all(8 <= prompt.max_tokens <= 64 for prompt in PROMPTS)
    assert max(p.max_tokens for p in PROMPTS[:12]) >= 5 * min(p.max_tokens for p in PROMPTS[:12])
    assert len(sample(50)) == 50
    with pytest.raises(KitError, match="1 or more"):
        sample(0)


def test_answers_are_cut_at_the_cap(checkpoint, asked):
    assert [one.id for one in asked] == [str(i) for i in range(1, 13)]
    assert max(one.limit for one in asked) == 10
    assert [one.arrival for one in asked[:3]] == [0.0, 0.01, 0.02]
    with pytest.raises(KitError, match="--max-tokens"):
        from_prompts(checkpoint, 12, cap=0)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_every_way_gives_the_same_answers(checkpoint, asked, way):
    one, other = served(WAYS[0], checkpoint, asked, 1), served(way, checkpoint, asked)
    assert one.tokens == other.tokens
    assert agreement.differences(checkpoint, asked, one, other) == []
    total = summarise(other.timeline)
    assert total.requests == 12
    assert total.tokens == sum(map(len, other.tokens))
    assert other.timeline.slots == 5
    assert len(list(other.timeline.of(Kind.FINISH))) == 12
    assert len(list(other.timeline.of(Kind.ARRIVE))) == 12
    assert all(first <= whole for first, whole in zip(other.ttft, other.latencies, strict=True))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_eos_is_no_token_of_an_answer(checkpoint, asked, way):
    common = served(WAYS[0], checkpoint, asked, 1).tokens[0][1]
    ending = replace(checkpoint, eos_token_id=common)
    one, other = served(WAYS[0], ending, asked, 1), served(way, ending, asked)
    assert len(one.tokens[0]) == 1
    assert one.tokens == other.tokens
    assert summarise(other.timeline).tokens == sum(map(len, one.tokens))


def test_static_waits_for_company_and_continuous_does_not(checkpoint):
    asked = [Asked(str(n), "", "", [n, 2, 3], 3, arrival) for n, arrival in enumerate((0.0, 1000.0))]
    assert served(WAYS[1], checkpoint, asked).latencies[0] > 1000
    assert served(WAYS[2], checkpoint, asked).latencies[0] < 100
    assert served(WAYS[3], checkpoint, asked).latencies[0] < 100


def test_jobs_become_requests_in_order_of_arrival(checkpoint):
    asked = from_jobs(checkpoint, poisson(5.0, 6, outputs=Lengths(2, 4)))
    assert [one.arrival for one in asked] == sorted(one.arrival for one in asked)
    assert all(2 <= one.limit <= 4 for one in asked)


def test_a_result_with_too_few_answers_is_refused(checkpoint, asked, monkeypatch):
    static = implementations.load("static")
    monkeypatch.setattr(static, "static_generate", lambda *_: SimpleNamespace(tokens=[]))
    with pytest.raises(KitError, match="tokens hold 0 lists"):
        served(WAYS[1], checkpoint, asked)


def test_a_mistake_is_called_one(checkpoint, asked):
    one = served(WAYS[0], checkpoint, asked, 1)
    wrong = [list(tokens) for tokens in one.tokens]
    row = next(row for row, tokens in enumerate(wrong) if len(tokens) >= 3)
    wrong[row][2] = (wrong[row][2] + 1) % 250
    found = agreement.differences(checkpoint, asked, one, replace(one, tokens=wrong))
    assert [(each.request, each.at) for each in found] == [(str(row + 1), 3)]
    assert found[0].mistake
    lines = agreement.sentences(asked, found)
    assert lines[0].startswith("11 of 12")
    assert "more than rounding" in lines[1]


def test_rounding_is_explained():
    lines = agreement.sentences([None] * 12, [agreement.Difference("7", 4, 0.0001, None)])
    assert "7 (from token 4, 0.0001 apart)" in lines[1]


def test_all_ways_are_named():
    assert agreement.sentences([None] * 12, [], 4) == ["All 4 ways gave the same 12 answers, token for token."]
    assert agreement.sentences([None] * 12, [])[0].startswith("Both ways")


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 100])
def test_the_demo_runs_and_writes_its_page(checkpoint, asked, tmp_path, width, terminal):
    out = console(width, terminal)
    written = run_demo(out, checkpoint, Plan(asked, 4, tmp_path))
    assert [path.name for path in written] == [
        "demo.html",
        "demo-1-one-by-one.jsonl",
        "demo-2-static.jsonl",
        "demo-3-dynamic.jsonl",
        "demo-4-continuous.jsonl",
        "demo-5-engine.jsonl",
    ]
    text = out.file.getvalue()
    assert text.count("12 of 12 answered") >= 5
    flat = re.sub(r"\s+", " ", text)
    assert "All 5 ways gave the same 12 answers" in flat
    for name in ("static", "dynamic", "continuous", "engine"):
        assert re.search(rf"Times as fast as one by one: [^.]*(\.\d[^.]*)*\b{name} \d", flat)
    assert f"On {cpu_name()}" in flat
    assert "speed-up" in text
    assert ("mean latency" in text) == (width >= 60)
    assert summarise(read_jsonl(written[2])).wasted_row_steps > 0
    page = written[0].read_text()
    assert "Times as fast as one by one" in page
    assert cpu_name() in page
    assert page.count('role="img"') == 1
    assert page.count("<li>") == 12
    ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])


def test_a_log_gets_few_lines(checkpoint, asked):
    out = console()
    with LiveBoard(out, "about it", 12, checkpoint.tokenizer.decode) as board:
        served(WAYS[3], checkpoint, asked, watcher=board)
    assert 2 <= len(out.file.getvalue().splitlines()) <= 5


def test_a_terminal_sees_every_slot(checkpoint, asked, monkeypatch):
    monkeypatch.setattr("tiny_batch_kit.shows.demo.live._EVERY", 0)
    out = console(terminal=True)
    with LiveBoard(out, "about it", 12, checkpoint.tokenizer.decode) as board:
        served(WAYS[3], checkpoint, asked, watcher=board)
    text = out.file.getvalue()
    for part in ("slot 0", "slot 4", "about it", "decode", "waiting"):
        assert part in text


def test_ways_that_wait_for_a_task_are_named(monkeypatch):
    def hole(*_, **__):
        raise NotImplementedError("Task 3.1: DynamicBatcher.submit: see book/src/day-03.md")

    monkeypatch.setattr(implementations.load("dynamic").DynamicBatcher, "submit", hole)
    ready, missing = ready_ways()
    assert [way.name for way in ready] == ["One by one", "Static", "Continuous", "Engine"]
    assert len(missing) == 1
    assert "Task 3.1 (`DynamicBatcher.submit`) is not written yet" in missing[0]
    assert holes.sentence(NotImplementedError("something else"), "x") is None


def test_the_engine_waits_for_its_task(monkeypatch):
    def hole(*_, **__):
        raise NotImplementedError("Task 9.1: Scheduler.plan: see book/src/day-09.md")

    monkeypatch.setattr(implementations.load("plan").Scheduler, "plan", hole)
    ready, missing = ready_ways()
    assert [way.name for way in ready] == ["One by one", "Static", "Dynamic", "Continuous"]
    assert [sentence for sentence in missing if "Task 9.1" in sentence and "Engine" in sentence] == missing
    assert len(missing) == 1


def test_an_arranged_model_is_said_to_be_one(checkpoint, asked, tmp_path):
    """The engine gets another model: how the way before it does with that model is told, and is no way of its own."""
    arranged = []

    def arrange(model):
        arranged.append(tiny_random())
        return arranged[-1]

    engine = replace(WAYS[-1], arrange=arrange)
    out = console(100)
    written = run_demo(out, checkpoint, Plan(asked, 4, tmp_path, [*WAYS[:-1], engine]))
    assert len(arranged) == 1
    assert len(written) == 6
    for text in (out.file.getvalue(), written[0].read_text()):
        assert re.search(r"arranged .*makes continuous \d+\.\d times as fast", re.sub(r"\s+", " ", text))


@pytest.mark.parametrize(("seconds", "apart"), [(8.0, 0.2), (0.56, 0.2), (0.44, 0.2), (0.056, 0.02), (0.03, 0.01)])
def test_prompts_arrive_faster_where_the_machine_is_faster(checkpoint, seconds, apart):
    limits = []

    def serve(run):
        limits.append([each.limit for each in run.asked])
        run.clock = SimpleNamespace(now=lambda: seconds)

    assert pace(checkpoint, SimpleNamespace(name="a way", serve=serve)) == apart
    assert limits[-1] == [8]


def test_one_way_alone_has_a_headline(checkpoint, asked, tmp_path):
    out = console()
    run_demo(out, checkpoint, Plan(asked, 4, tmp_path, WAYS[-1:]))
    assert re.search(r"Engine took [\d.]+ m?s", out.file.getvalue())


@pytest.mark.parametrize(
    "arguments", [["--prompts", "3"], ["--max-tokens", "0"], ["--batch", "1"], ["--batch", "two"], ["--every", "-1"]]
)
def test_the_demo_refuses_what_it_cannot_do(arguments):
    parser = argparse.ArgumentParser(exit_on_error=False)
    demo.add_arguments(parser)
    with pytest.raises(argparse.ArgumentError, match="or more"):
        parser.parse_args(arguments)


def test_viz_writes_what_it_is_asked_for(tmp_path, capsys):
    from tiny_batch_kit.timeline import write_jsonl

    source = write_jsonl(Timeline("x", 1), tmp_path / "x.jsonl")
    parser = argparse.ArgumentParser()
    viz.add_arguments(parser)
    arguments = [str(source), "--svg", str(tmp_path / "a.svg"), "--html", str(tmp_path / "a.html"), "--steps"]
    assert viz.run(parser.parse_args(arguments)) == 0
    ElementTree.parse(tmp_path / "a.svg")
    assert "<!doctype html>" in (tmp_path / "a.html").read_text()
    assert viz.run(parser.parse_args([str(source)])) == 0
    assert "0 steps" in capsys.readouterr().out
    with pytest.raises(KitError, match="can't be written"):
        viz.run(parser.parse_args([str(source), "--svg", str(source / "no.svg")]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1,234"),
        (12.345, "12.3"),
        (0.01234, "0.0123"),
        (100.0, "100"),
        (20000, "20,000"),
        ("a", "a"),
        (None, "–"),
        (True, "yes"),
    ],
)
def test_bench_cells(value, text):
    assert cell(value) == text


def experiment(**changes):
    from tiny_batch_kit.shows import plots

    figure, (axes,) = plots.figure()
    axes.plot([1, 2])
    return Experiment("T", ["rows", "ms"], [[1, 2.5], [2, 3.0]], {"a": [1]}, lambda: figure, notes=["n [x]"], **changes)


def test_an_experiment_is_saved_and_shown(tmp_path):
    import json

    found = experiment(timelines=[Timeline("in order", 2)])
    saved = experiments.save(found, 2, tmp_path)
    assert json.loads(saved.json.read_text())["rows"] == [[1, 2.5], [2, 3.0]]
    assert ElementTree.parse(saved.svg).getroot().get("role") == "img"
    assert [path.name for path in saved.timelines] == ["day-02-1-in-order.jsonl"]
    out = console()
    bench.show(out, found, saved)
    text = out.file.getvalue()
    assert "2.50" in text
    assert "n [x]" in text
    assert str(saved.svg) in text.replace("\n", "")


def test_data_that_is_no_json_is_refused(tmp_path):
    with pytest.raises(KitError, match="must be JSON"):
        experiments.save(Experiment("T", [], [], {"a": object()}), 1, tmp_path)


def test_a_day_without_an_experiment_says_which_have_one():
    with pytest.raises(KitError, match="Day 99 has no experiment"):
        experiments.find(99)
