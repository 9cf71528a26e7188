"""Day 6's experiment: how many rows a step needs, by the order in which free slots are given out."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import mlx.core as mx
import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.workloads import Lengths, poisson
from tiny_batch_kit.shows.experiments import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SLOTS = 16
LIVE = (2, 4, 8, 12)
"""How many requests are live on average."""


class Slots(Protocol):
    """What hands out slots."""

    def allocate_slot(self, request_id: str) -> int | None:
        """A free slot, or None."""
        ...

    def free_slot(self, request_id: str) -> int:
        """Take a slot back."""
        ...


class InTurn:
    """Gives out the slot that has been free for the longest time: a queue."""

    def __init__(self, count: int) -> None:
        """All are free."""
        self.free, self.held = list(range(count)), dict[str, int]()

    def allocate_slot(self, request_id: str) -> int | None:
        """The first of the queue."""
        if not self.free:
            return None
        self.held[request_id] = self.free.pop(0)
        return self.held[request_id]

    def free_slot(self, request_id: str) -> int:
        """To the end of the queue."""
        self.free.append(self.held.pop(request_id))
        return self.free[-1]


class LastFreed(InTurn):
    """Gives out the slot that was freed last: a stack."""

    def free_slot(self, request_id: str) -> int:
        """To the front."""
        self.free.insert(0, self.held.pop(request_id))
        return self.free[0]


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Let requests come and go in steps, and count the rows up to the highest live slot."""
    manager = implementations.load("slots").SlotManager
    ways: dict[str, Callable[[int], Slots]] = {"in turn": InTurn, "last freed": LastFreed, "lowest": manager}
    steps = 2000 if quick else 20000
    rows: list[list[object]] = []
    found: dict[str, list[float]] = {name: [] for name in ways}
    for index, live in enumerate(LIVE):
        progress(f"{live} live requests on average", index / len(LIVE))
        counts = {name: rows_needed(make(SLOTS), live, steps) for name, make in ways.items()}
        for name, (_, needed) in counts.items():
            found[name].append(needed)
        rows.append([counts["lowest"][0], *(needed for _, needed in counts.values())])
    masks = implementations.load("masks")
    offsets = [6, None, 3, 9]
    mask = masks.create_batch_mask(offsets, 1, 10)
    return Experiment(
        title=f"Rows up to the highest live slot, of {SLOTS}",
        columns=["live requests, mean", *(f"{name}, rows" for name in ways)],
        rows=rows,
        data={"steps": steps, "slots": SLOTS, "live": list(LIVE)},
        figure=lambda: draw(mask, offsets, [float(str(row[0])) for row in rows], found),
        description="Left: the mask of a decode step of four slots with 6, no, 3 and 9 stored positions; each live row "
        "is legal up to its own new position, the free row at position 0 alone. Right: rows up to the highest live "
        "slot against live requests. Lowest first needs the fewest, in turn the most.",
        notes=[
            "A step that computes only the rows up to the highest live slot needs so many, on average. Its cache is "
            "then a view: the first rows of contiguous storage, with nothing copied.",
        ],
    )


def rows_needed(slots: Slots, live: int, steps: int) -> tuple[float, float]:
    """(mean live requests, mean rows up to the highest live slot) of a run with random arrivals and lengths."""
    lengths = Lengths(4, 96)
    jobs = poisson(live / 50, steps, outputs=lengths, seed=live)  # 50 steps is the mean length
    leaves: dict[str, tuple[float, int]] = {}
    seen: list[tuple[int, int]] = []
    waiting = iter(jobs)
    job = next(waiting)
    for step in range(steps):
        for name in [name for name, (end, _) in leaves.items() if end <= step]:
            slots.free_slot(name)
            del leaves[name]
        while job.arrival <= step and len(leaves) < SLOTS:
            slot = slots.allocate_slot(job.id)
            if slot is None:
                break
            leaves[job.id] = (step + job.output_tokens, slot)
            job = next(waiting)
        seen.append((len(leaves), max((slot + 1 for _, slot in leaves.values()), default=0)))
    mean = np.mean(np.array(seen), axis=0)
    return float(mean[0]), float(mean[1])


def draw(
    mask: mx.array, offsets: Sequence[int | None], live: Sequence[float], found: dict[str, list[float]]
) -> "Figure":
    """The mask as a grid, and the rows needed as lines."""
    from tiny_batch_kit.shows import plots

    figure, (grid, lines) = plots.figure(columns=2, width=9, height=3.6)
    legal = np.array(mask)[:, 0]
    for slot, row in enumerate(legal):
        colour = plots.COLOURS[slot] if offsets[slot] is not None else "none"
        for key, may in enumerate(row):
            style: dict[str, Any] = {"facecolor": colour if may else "none", "edgecolor": plots.INK, "linewidth": 0.7}
            grid.add_patch(_square(key, slot, hatch="////" if may and offsets[slot] is None else None, **style))
    grid.set(xlim=(0, legal.shape[1]), ylim=(len(offsets), 0), xlabel="key position", title="who may look where")
    names = [f"slot {slot}: {'free' if offset is None else offset}" for slot, offset in enumerate(offsets)]
    grid.set_yticks([slot + 0.5 for slot in range(len(offsets))], names)
    grid.set_xticks([key + 0.5 for key in range(legal.shape[1])], [str(key) for key in range(legal.shape[1])])
    grid.grid(visible=False)
    looks = zip(found.items(), plots.MARKERS, (":", "--", "-"), strict=False)
    for (name, rows), marker, line in looks:
        lines.plot(live, rows, marker=marker, linestyle=line, label=name)
    lines.set(title="rows up to the highest live slot", xlabel="live requests, mean", ylim=(0, SLOTS + 0.5))
    lines.legend(frameon=False)
    return figure


def _square(x: float, y: float, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x + 0.08, y + 0.12), 0.84, 0.76, **style)
