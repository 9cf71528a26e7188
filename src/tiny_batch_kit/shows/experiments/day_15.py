"""Day 15's experiment: what a server costs its engine, and how it stands beside mlx_lm.server."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tokenizer import BpeTokenizer
from tiny_batch_kit.shows import plots
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.shows.versus import servers
from tiny_batch_kit.shows.versus.servers import ENGINE, OURS, THEIRS, Answered, Crowd
from tiny_batch_kit.shows.versus.slow_reader import tokens_until_cut

CROWDS = {"": Crowd(16, 48), ", notes": Crowd(16, 48, notes=True)}
"""Whom the sides answer, by what is written behind a side's name."""
ROUNDS = 3


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Ask the same of the engine alone, the server and mlx_lm.server, by turns; quick: of the first two, here."""
    crowds = {"": _quick(checkpoint, progress)} if quick else _by_turns(checkpoint, progress)
    runs = crowds[""]
    found = {side: servers.medians(each) for side, each in runs.items()}
    progress("a reader who takes nothing", 0.95)
    sizes = {"4 KiB": 4 << 10} if quick else {"64 KiB": 64 << 10, "as much as it likes": None}
    ahead = {words: tokens_until_cut(checkpoint, size) for words, size in sizes.items()}
    cost = 1 - found[OURS][0] / found[ENGINE][0]
    notes = [
        f"{len(runs[OURS][0].ttft)} clients at once, streaming; medians of {len(runs[OURS])} runs in turn, each in a "
        "process of its own, on the same weights and BLAS. Notes, where there are any: every sixth question follows a "
        "page of text.",
        f"The server costs its engine {cost:.1%} of its tokens a second. TTFT: from when a request should have been "
        "sent to its first text, at the client.",
        "Tokens that are made for a reader who takes nothing, until it is cut off, if the system may hold for it "
        + " and ".join(f"{size}: {tokens:,}" for size, tokens in ahead.items()),
    ]
    return Experiment(
        title="The server beside its engine and mlx_lm.server",
        columns=["side", "tokens/s", "TTFT p50 s", "server / this, tokens/s", "server / this, TTFT"],
        rows=[row for crowd, each in crowds.items() for row in _rows(each, crowd)],
        data={"ahead": ahead}
        | {side + crowd: _each(some) for crowd, by in crowds.items() for side, some in by.items()},
        figure=_figure(found, runs),
        description="Bars of tokens a second on the left, and on the right for each side how many of the requests had "
        "their first text after how many seconds. The server is close to its engine in both.",
        notes=notes,
    )


def _rows(runs: dict[str, list[Answered]], crowd: str) -> list[list[object]]:
    """A row a side: its medians, and the server's as multiples of them."""
    own_speed, own_ttft = servers.medians(runs[OURS])
    found = {side: servers.medians(each) for side, each in runs.items()}
    return [[side + crowd, speed, ttft, own_speed / speed, own_ttft / ttft] for side, (speed, ttft) in found.items()]


def _each(runs: list[Answered]) -> object:
    """Every run's tokens a second and times to first text."""
    return [[run.tokens_per_second, sorted(run.ttft)] for run in runs]


def _quick(checkpoint: Checkpoint, progress: Progress) -> dict[str, list[Answered]]:
    """One run of the two sides of ours, in this process."""
    shots = Crowd(4, 8).shots()
    progress(ENGINE, 0.2)
    alone = servers.engine_alone(checkpoint, shots)
    progress(OURS, 0.6)
    return {ENGINE: [alone], OURS: [servers.in_this_process(checkpoint, shots)]}


def _by_turns(checkpoint: Checkpoint, progress: Progress) -> dict[str, dict[str, list[Answered]]]:
    """ROUNDS runs of each side with each crowd. mlx_lm.server only for a tokenizer that can be written for it."""
    sides = [ENGINE, OURS, *([THEIRS] if isinstance(checkpoint.tokenizer, BpeTokenizer) else [])]
    runs: dict[str, dict[str, list[Answered]]] = {crowd: {side: [] for side in sides} for crowd in CROWDS}
    plan = [(crowd, turn, side) for crowd in CROWDS for turn in range(ROUNDS) for side in sides[:: 1 - 2 * (turn % 2)]]
    with tempfile.TemporaryDirectory(prefix="tiny-batch-") as name:
        folder = Path(name)
        if THEIRS in sides:
            servers.write_for_mlx_lm(checkpoint, folder)
        for place, (crowd, turn, side) in enumerate(plan):
            progress(f"round {turn + 1} of {ROUNDS}: {side}{crowd}", place / len(plan))
            runs[crowd][side].append(servers.measured(side, checkpoint.name, folder, CROWDS[crowd]))
    return runs


def _figure(found: dict[str, tuple[float, float]], runs: dict[str, list[Answered]]) -> Callable[[], Figure]:
    def draw() -> Figure:
        figure, (speeds, waits) = plots.figure(columns=2, width=9, height=3.6)
        for number, (side, (speed, _)) in enumerate(found.items()):
            colour = plots.COLOURS[number]
            speeds.bar(number, speed, 0.6, color=colour)
            seconds = sorted(each for run in runs[side] for each in run.ttft)
            shares = [(place + 1) / len(seconds) for place in range(len(seconds))]
            waits.step([0, *seconds], [0, *shares], where="post", color=colour, label=side)
        speeds.set(title="tokens a second", ylim=(0, None))
        speeds.set_xticks(range(len(found)), list(found))
        waits.set(title="share with their first text", xlabel="seconds", ylim=(0, 1.02), xlim=(0, None))
        waits.legend()
        return figure

    return draw
