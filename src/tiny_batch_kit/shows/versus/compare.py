"""Run the sides by turns, each time in a fresh process, and compare medians: noise then hits all of them alike."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.serving.yardsticks import WORKLOADS
from tiny_batch_kit.shows.versus import sides as one_turn
from tiny_batch_kit.shows.versus.profile import StepProfile
from tiny_batch_kit.shows.versus.sides import Outcome
from tiny_batch_kit.shows.versus.talks import TALKING, WORKLOAD

Progress = Callable[[str, float], None]
COMPARED = {**one_turn.COMPARED, "prefix": [*TALKING]}
"""The sides of each comparison, ours first."""


@dataclass(frozen=True)
class Measured:
    """A side's medians over its runs of one workload: tokens a second, median TTFT and worst gap in seconds.

    computed: tokens that went through the model; 0 where that was not counted.
    """

    side: str
    tokens_per_second: float
    ttft: float
    worst_gap: float
    computed: int
    runs: list[Outcome]


def compare(
    ours: str, workloads: Sequence[str], rounds: int, model: str, impl: str, progress: Progress
) -> dict[str, list[Measured]]:
    """Each workload's medians of our side, "batcher" or "engine", and of those beside it.

    impl: "ref" or "mine", whose it is. Raises KitError with its last words if a run fails.
    """
    found: dict[str, list[Measured]] = {}
    sides = COMPARED[ours]
    total, done = len(workloads) * rounds * len(sides), 0
    for workload in workloads:
        runs: dict[str, list[Outcome]] = {side: [] for side in sides}
        for turn in range(rounds):
            for side in sides if turn % 2 == 0 else sides[::-1]:
                progress(f"{workload}, round {turn + 1} of {rounds}: {side}", done / total)
                runs[side].append(_run(side, workload, model, impl))
                done += 1
        found[workload] = [_medians(side, outcomes) for side, outcomes in runs.items()]
    return found


def workloads(what: str) -> list[str]:
    """The names of the workloads of a comparison: "batcher", "engine" or "prefix"."""
    return [WORKLOAD] if what == "prefix" else list(WORKLOADS)


def _medians(side: str, runs: list[Outcome]) -> Measured:
    return Measured(
        side,
        float(np.median([run.tokens / run.seconds for run in runs])),
        float(np.median([np.median(run.ttft) for run in runs])),
        float(np.median([max(run.gaps, default=0.0) for run in runs])),
        runs[0].computed,
        runs,
    )


def take_apart(model: str, impl: str) -> StepProfile:
    """Where the time of our engine's decode step goes, measured in a fresh process."""
    return StepProfile(**_fresh("profile", "-", model, impl))


def _run(side: str, workload: str, model: str, impl: str) -> Outcome:
    return Outcome(**_fresh(side, workload, model, impl))


def _fresh(*arguments: str) -> dict[str, Any]:
    """What a fresh process prints. KitError with its last words if it fails."""
    command = [sys.executable, "-m", "tiny_batch_kit.shows.versus", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise KitError(f"{' on '.join(arguments[:2])} ended with status {done.returncode}: {said}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
