"""The days' experiments: what `bench --day N` runs, and how a result is kept.

A day's module `day_NN.py` has `run(checkpoint, quick, progress) -> Experiment`, and so has `day_NN_PART.py`, if a day
has more than one. It reaches the student's code (or the
reference's) through `implementations.load("roofline")`, never by an import of its own.
"""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.timeline.events import Timeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Experiment:
    """What one experiment found.

    `columns` and `rows` are the table (a float is shown with three digits that count). `data` is JSON, for whoever
    wants to compute further. The picture is `svg`, or else what `figure` draws; `description` says in a sentence or
    two what it shows, for a reader who can't see it. `timelines` are kept as JSON lines for `viz`.
    """

    title: str
    columns: list[str]
    rows: list[list[object]]
    data: dict[str, object] = field(default_factory=dict)
    figure: "Callable[[], Figure] | None" = None
    svg: str | None = None
    notes: list[str] = field(default_factory=list)
    description: str = ""
    timelines: list[Timeline] = field(default_factory=list)


@dataclass(frozen=True)
class Saved:
    """Where the parts of an experiment were written."""

    json: Path
    svg: Path | None
    timelines: list[Path]


def module_name(day: int, part: str = "") -> str:
    """Return the name of the module that holds the experiment of `day`, or one of its parts."""
    return f"{__name__}.day_{day:02d}" + (f"_{part}" if part else "")


def find(day: int, part: str = "") -> ModuleType:
    """Import and return the experiment of `day`, or one of its parts; KitError when there is none."""
    try:
        return importlib.import_module(module_name(day, part))
    except ModuleNotFoundError as error:
        if error.name != module_name(day, part):
            raise
        if part:
            raise KitError(f"Day {day} has no experiment {part!r}.") from error
        found = sorted(int(p.stem[4:]) for p in Path(__file__).parent.glob("day_[0-9][0-9].py"))
        have = ", ".join(map(str, found)) or "none yet"
        raise KitError(f"Day {day} has no experiment. Days that have one: {have}.") from error


def save(experiment: Experiment, day: int, folder: Path, part: str = "") -> Saved:
    """Write the JSON, the picture and the timelines of `experiment` into `folder` as day-NN files; return where."""
    from tiny_batch_kit.timeline.files import save_group

    folder.mkdir(parents=True, exist_ok=True)
    stem = f"day-{day:02d}" + (f"-{part}" if part else "")
    written = folder / f"{stem}.json"
    written.write_text(json.dumps(as_json(experiment, day), indent=1, default=_plain) + "\n", encoding="utf-8")
    picture = picture_of(experiment)
    if picture is not None:
        (folder / f"{stem}.svg").write_text(picture, encoding="utf-8")
    timelines = save_group(experiment.timelines, stem, folder)
    return Saved(written, folder / f"{stem}.svg" if picture is not None else None, timelines)


def as_json(experiment: Experiment, day: int) -> dict[str, object]:
    """Return all but the picture of `experiment` as one JSON object."""
    return {
        "day": day,
        "title": experiment.title,
        "columns": experiment.columns,
        "rows": experiment.rows,
        "notes": experiment.notes,
        "data": experiment.data,
    }


def picture_of(experiment: Experiment) -> str | None:
    """Return the picture of `experiment` as SVG text, or None when it has none."""
    if experiment.svg is not None:
        return experiment.svg
    if experiment.figure is None:
        return None
    from tiny_batch_kit.shows import plots

    description = experiment.description or " ".join(experiment.notes) or experiment.title
    return plots.svg_text(experiment.figure(), experiment.title, description)


def _plain(value: object) -> object:
    """Turn a numpy scalar or array into plain JSON; anything else is a mistake in the experiment."""
    for name in ("tolist", "item"):
        method = getattr(value, name, None)
        if callable(method):
            return method()
    raise KitError(f"An experiment's data must be JSON, but holds a {type(value).__name__}: {value!r}.")
