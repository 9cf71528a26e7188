"""Day 14's second experiment: tune, follow the load, and promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.shows.experiments import day_14_confirm as confirming
from tiny_batch_kit.shows.experiments import day_14_control as control
from tiny_batch_kit.shows.experiments import day_14_live as live
from tiny_batch_kit.shows.experiments import day_14_tuning as tuning
from tiny_batch_kit.simulator import cost

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEST = 56
"""Tokens a step of the runs by promise: about the best fixed number."""


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """On the simulator, then shorter on the model."""
    count, trial, few = (180, 60, 4) if quick else (100_000, 3000, 40)
    prices = cost.load()
    tuned = tuning.tune(trial, prices, lambda text, share=0.0: progress(text, 0.2), whole=not quick)
    most = control.capacity(prices, trial)
    followed = control.follow(count, most, prices, lambda text, share=0.0: progress(text, 0.2 + 0.4 * share))
    admitted = control.admit(count, most, BEST, prices, lambda text, share=0.0: progress(text, 0.6 + 0.2 * share))
    confirmed = confirming.confirm(
        checkpoint, tuned.best.setting, few, prices, lambda text, share=0.0: progress(text, 0.8)
    )
    model = live.measure(checkpoint, few, lambda text, share=0.0: progress(text, 0.8 + 0.2 * share))
    worst = max(phase.tpot for phase in followed.controlled) / control.TARGET
    share = min(phase.speed / followed.best(n).speed for n, phase in enumerate(followed.controlled))
    return Experiment(
        title=f"Load: {count:,} simulated chat requests for each row, {control.TARGET:g} s a token promised",
        columns=["admission at 120%", "goodput /s", "in time", "TTFT p50 s", "p99 s", "lost", "prompt served"],
        rows=[each.row for each in admitted],
        data={
            "machine": prices.machine,
            "capacity": most,
            "tuning": tuning.rows(tuned),
            "grid": len(tuned.grid),
            "control": [vars(phase) for phase in followed.controlled],
            "best": [vars(followed.best(number)) for number in range(len(control.LOADS))],
            "confirmed": confirming.told(confirmed),
            "model": on_model(model),
        },
        figure=lambda: draw(tuned, followed, admitted),
        description="On the left, throughput and TPOT of all settings: the search measured few of them, along the line "
        "of what is promised. In the middle, the tokens a step that the control sets while load goes up and down: they "
        "stay between 50 and 75. On the right, goodput at 120%: nearly none first come, first served.",
        notes=[
            f"The search measured {len(tuned.searched)} settings of {len(tuned.grid)}: {tuning.row(tuned.best)}; the "
            f"best of all: {tuning.row(tuned.best_of_all)}.",
            f"Capacity: {most:.2f} requests a second. The control's worst 99th percentile of TPOT is {worst:.3f} of "
            f"the target, its tokens/s at least {share:.3f} of the best fixed setting's.",
            *(
                f"At {phase.load:.0%}: {phase.speed:.1f} tokens/s and TPOT p99 {phase.tpot:.3f} s with the control, "
                f"{followed.best(number).speed:.1f} and {followed.best(number).tpot:.3f} with the best fixed setting."
                for number, phase in enumerate(followed.controlled)
            ),
            *confirming.told(confirmed),
            *on_model(model),
        ],
    )


def on_model(found: live.Found) -> list[str]:
    """What was seen on the model, in words."""
    texts = [f"On the model: {live.TOKENS} tokens a step keep {found.target:.3f} s; {found.most:.2f} requests/s."]
    texts += [
        f"At {load:.0%}: {controlled.speed:.1f} tokens/s and TPOT p99 {controlled.tail():.3f} s with the control, "
        f"{fixed.speed:.1f} and {fixed.tail():.3f} without."
        for load, controlled, fixed in found.turns
    ]
    goal = (16 * found.target, live.MARGIN * found.target)
    return [
        *texts,
        f"At 150%, {goal[0]:.1f} s and {goal[1]:.3f} s promised: {found.promised.good(*goal):.3f} good requests/s by "
        f"promise, {found.queued.good(*goal):.3f} first come, first served; {found.promised.refused} refused, and of "
        f"the others {sum(t <= goal[0] for t in found.promised.ttft) / max(1, len(found.promised.ttft)):.0%} in time.",
    ]


def draw(tuned: tuning.Tuned, followed: control.Followed, admitted: list[control.Admitted]) -> Figure:
    """The Pareto picture, the control over time, and goodput by way of admission."""
    from tiny_batch_kit.shows import plots

    figure, (left, middle, right) = plots.figure(columns=3, width=11.5, height=3.9)
    tuning.draw(left, tuned, plots.COLOURS, plots.INK)
    every = max(1, len(followed.log) // 1500)
    log = followed.log[::every]
    middle.plot([when / 3600 for when, *_ in log], [each[1] for each in log], linewidth=0.8, label="tokens a step")
    middle.plot([when / 3600 for when, *_ in log], [each[2] for each in log], linewidth=1.2, label="limit")
    for number, load in enumerate(control.LOADS):
        middle.axvline(followed.starts[number] / 3600, linestyle=":", linewidth=1, color=plots.INK)
        place = (followed.starts[number] / 3600, 2 + 4 * (number % 4))  # short phases stand close together
        middle.annotate(f"{load:.0%}", place, fontsize=9, color=plots.INK)
    middle.set(title="what the control sets, by hours", ylim=(0, None))
    middle.legend(frameon=False, fontsize=9)
    right.barh([each.name for each in admitted], [each.goodput for each in admitted], color=plots.COLOURS[0])
    right.invert_yaxis()
    right.set(title="goodput at 120%, requests/s")
    return figure
