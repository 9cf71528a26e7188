"""Day 14's first half: follow the findings, one after another, and see what becomes of goodput."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving import profiling
from tiny_batch_kit.serving.engine import note
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import from_jobs, take_due
from tiny_batch_kit.serving.workloads import chat_mix, chat_stream
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.heard import simulate_heard
from tiny_batch_kit.timeline.events import Timeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEMORY, LIMIT, RATE = 3072, 256, 1.3
"""Tokens of memory; new tokens that callers allow, though answers have 8 to 64; requests a second."""
TTFT, TPOT = 6.0, 0.25
"""What is promised, in seconds."""
WINDOW = 20_000
"""Of how many of the last steps findings are."""
LONGEST = 1280
DESCRIPTION = (
    "On the left, goodput as one finding after another is followed: from nearly nothing to nearly the line of what "
    "arrives. In the middle, some steps of the first setting: mostly four rows that decode, far below the budget, "
    "while hundreds wait for a slot. On the right, some of the last one: small as well, since nobody waits, until a "
    "prompt comes."
)


@dataclass(frozen=True)
class Setting:
    """How an engine is set up. preemptive: memory is given to tokens that exist. shortest: short requests first."""

    change: str
    slots: int
    budget: int
    preemptive: bool = False
    shortest: bool = False

    def scheduler(self) -> Any:
        """A scheduler that is set up so."""
        policies = implementations.load("policies")
        queue = policies.ShortestFirst(ageing=1.0) if self.shortest else policies.Fifo()
        limits = {"max_running": self.slots, "max_batched_tokens": self.budget, "max_seq_len": LONGEST}
        make = policies.PreemptiveScheduler if self.preemptive else implementations.load("plan").Scheduler
        return make(**limits, max_memory_tokens=MEMORY, queue=queue)


SETTINGS = (
    Setting("as it was", 4, 32),
    Setting("16 slots", 16, 32),
    Setting("memory for tokens that exist", 16, 32, preemptive=True),
    Setting("long prompts behind short ones", 16, 32, preemptive=True, shortest=True),
    Setting("48 tokens a step", 16, 48, preemptive=True, shortest=True),
)


@dataclass(frozen=True)
class Watched:
    """What came of a setting: Totals, findings in words, and each step's composition, of the last WINDOW steps."""

    setting: Setting
    totals: Any
    findings: list[str]
    parts: list[Sequence[int]]

    @property
    def row(self) -> list[object]:
        """Of the table."""
        totals, ended = self.totals, sum(self.totals.ended.values())
        times = [totals.ttft.percentile(share) for share in (50, 99)] + [totals.tpot.percentile(99)]
        shares = [f"{share:.0%}" for share in (totals.good / ended, totals.occupancy, totals.budget_fill)]
        return [self.setting.change, totals.goodput, shares[0], *times, *shares[1:]]


COLUMNS = ["setting", "goodput /s", "good", "TTFT p50 s", "p99 s", "TPOT p99 s", "occupancy", "budget fill"]


def follow(count: int, prices: CostModel, progress: Progress) -> list[Watched]:
    """Serve so many simulated requests with each setting."""
    found = []
    for number, setting in enumerate(SETTINGS):
        progress(f"{count:,} requests: {setting.change}", number / len(SETTINGS))
        scheduler, clock = setting.scheduler(), VirtualClock()
        records: deque[Any] = deque(maxlen=WINDOW)
        metrics = _metrics(scheduler, clock, records.append)
        simulate_heard(chat_stream(count, rate=RATE), scheduler, prices, metrics, clock, limit=LIMIT)
        found.append(_watched(setting, metrics, records))
    return found


def _metrics(scheduler: Any, clock: Any, hear: Callable[[Any], None]) -> Any:
    objective = implementations.load("totals").Objective(TTFT, TPOT)
    return implementations.load("metrics").BatchingMetrics(scheduler, clock=clock, objective=objective, on_record=hear)


def _watched(setting: Setting, metrics: Any, records: Sequence[Any]) -> Watched:
    composition = implementations.load("composition")
    texts = [finding.text for finding in composition.findings(list(records))]
    return Watched(setting, metrics.read(), texts, [composition.compose(record) for record in records])


@dataclass(frozen=True)
class OnModel:
    """The same on the real model: what was watched, where the time went, and the run itself."""

    watched: Watched
    profile: profiling.Profile
    timeline: Timeline

    @property
    def listening(self) -> float:
        """What listening costs, as a share of a step."""
        step = self.profile.total - self.profile.seconds[profiling.BETWEEN]
        return self.profile.seconds[profiling.LISTEN] / step if step else 0.0


def on_model(checkpoint: Checkpoint, count: int, setting: Setting) -> OnModel:
    """Serve so many requests of the same mix on the model, which is arranged for this machine."""
    jobs = chat_mix(count, rate=RATE)
    run = Run(setting.change, checkpoint, from_jobs(checkpoint, jobs), setting.slots, None)
    load, scheduler, profiler, rows = implementations.load, setting.scheduler(), profiling.Profiler(), list[Any]()
    records: list[Any] = []
    metrics = _metrics(scheduler, run.clock, records.append)
    hear_step, hear_events = profiler.listening(metrics.on_step), profiler.listening(metrics.on_events)

    def on_step(heard: Sequence[Any]) -> None:
        rows[:] = heard
        hear_step(heard)

    runner = load("runner").MlxRunner(tuned(checkpoint.model), max_running=setting.slots, max_seq_len=LONGEST)
    engine = load("engine").Engine(scheduler, runner, clock=run.clock, on_step=on_step)
    arrivals = deque(run.asked)
    with profiler.watching(engine):
        while arrivals or engine.has_work:
            for one in take_due(arrivals, run.clock, idle=not engine.has_work):
                request = load("request").Request(one.id, one.ids, one.limit, clock=run.clock)
                engine.add_request(request)
                metrics.on_arrival(request)
            rows.clear()
            run.recorder.begin()
            with run.clock.working():
                events = engine.step()
                hear_events(events)
            if rows:
                run.recorder.step(rows)
            for event in events:
                note(run, event)
    return OnModel(_watched(setting, metrics, records), profiler.profile, run.served().timeline)


def draw(found: Sequence[Watched]) -> Figure:
    """Goodput, and what the batches of the first and of the last setting are made of."""
    from tiny_batch_kit.shows import composition, plots

    figure, (left, middle, right) = plots.figure(columns=3, width=10.5, height=3.9)
    names = [f"{number}. {each.setting.change}" for number, each in enumerate(found, start=1)]
    goodput = [each.totals.goodput for each in found]
    left.barh(names, goodput, color=plots.COLOURS[0])
    left.axvline(RATE, linestyle="--", linewidth=1.2, color=plots.INK)
    left.invert_yaxis()
    left.set(title="goodput, requests/s", xlim=(0, 1.1 * RATE))
    for axes, number in ((middle, 0), (right, len(found) - 1)):
        watched = found[number]
        composition.draw(axes, watched.parts[: composition.MOST], watched.setting.budget, f"batches of {number + 1}.")
    handles, labels = middle.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=3, frameon=False)
    return figure
