"""The players of the book: small workloads, run with every setting of their sliders when the traces are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.serving.workloads import Job
from tiny_batch_kit.timeline.asking import questions
from tiny_batch_kit.timeline.coding import Traced, encode
from tiny_batch_kit.timeline.frames import frames

TRACES = ROOT / "book" / "traces"
VERSION = 1
Setting = Mapping[str, Any]
"""A value of each slider, by its key."""


@dataclass(frozen=True)
class Slider:
    """What a reader may set. values: what a run is given; texts: what the reader reads. start: the place of the first.

    choice: the values are names, not numbers: a list to choose from.
    """

    key: str
    label: str
    values: tuple[Any, ...]
    start: int = 0
    texts: tuple[str, ...] = ()
    choice: bool = False


@dataclass(frozen=True)
class Chapter:
    """A chapter's player. jobs and run: pure functions of a setting.

    sentences: what a run may say of a step, with {request} and {n}. why: reasons for outcomes, by name, where the
    chapter has better ones than the player, with {request}.
    """

    day: int
    title: str
    about: str
    sliders: tuple[Slider, ...]
    jobs: Callable[[Setting], Sequence[Job]]
    run: Callable[[Setting, Sequence[Job]], Traced]
    pages: str = ""
    sentences: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As its file is called."""
        return f"day-{self.day:02d}"


def settings(chapter: Chapter) -> list[Setting]:
    """All settings, the last slider fastest."""
    keys = [slider.key for slider in chapter.sliders]
    return [dict(zip(keys, each, strict=True)) for each in product(*(slider.values for slider in chapter.sliders))]


def trace(chapter: Chapter) -> dict[str, Any]:
    """All that a chapter's player shows, from runs of the implementation that is installed."""
    runs = []
    for setting in settings(chapter):
        jobs = chapter.jobs(setting)
        traced = chapter.run(setting, jobs)
        found = encode(traced, [job.id for job in jobs])
        asked = [[job.prompt_tokens, job.output_tokens] for job in jobs]
        runs.append({"asked": asked, **found, "q": questions(frames(traced.timeline))})
    return {
        "version": VERSION,
        "title": chapter.title,
        "about": chapter.about,
        "names": [job.id for job in chapter.jobs(settings(chapter)[0])],
        "sliders": [
            {
                "label": each.label,
                "values": list(each.texts or map(str, each.values)),
                "start": each.start,
                "choice": each.choice,
            }
            for each in chapter.sliders
        ],
        "pages": chapter.pages,
        "sentences": list(chapter.sentences),
        "why": dict(chapter.why),
        "runs": runs,
    }


def text(found: Mapping[str, Any]) -> str:
    """The file's text: one run a line, so that a change can be read."""
    rest = {key: value for key, value in found.items() if key != "runs"}
    runs = ",\n".join(json.dumps(run, separators=(",", ":")) for run in found["runs"])
    head = json.dumps(rest, separators=(",", ":"), ensure_ascii=False)
    return f'{head[:-1]},"runs":[\n{runs}\n]}}\n'


def path(chapter: Chapter) -> Path:
    """Where a chapter's traces are."""
    return TRACES / f"{chapter.name}.json"


def chapters() -> list[Chapter]:
    """Those that have a player, by day."""
    from tiny_batch_kit.shows.players import week_one, week_two

    return [*week_one.CHAPTERS, *week_two.CHAPTERS]
