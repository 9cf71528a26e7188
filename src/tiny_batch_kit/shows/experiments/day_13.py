"""Day 13's experiment: what guesses give at 1 to 32 rows, where answers quote and where they don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import WallClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.draft import early_exit
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving.guessing import Guessed, Guessing, serve_by_turns, serve_guessing
from tiny_batch_kit.serving.quotes import INVENTING, QUOTING, Task, asked
from tiny_batch_kit.shows.experiments import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 8
ROWS = (1, 4, 16, 32)
COUNTS = {1: 4, 4: 8, 16: 32, 32: 64}  # requests
WORKLOADS: dict[str, tuple[Task, ...]] = {"quoting": QUOTING, "inventing": INVENTING}

MakeGuessing = Callable[[], Guessing | None]


@dataclass(frozen=True)
class Compared:
    """One way on one workload, and how many times as fast it was as no guessing."""

    workload: str
    rows: int
    way: str
    found: Guessed
    ratio: float


def run(checkpoint: Checkpoint, quick: bool, progress: Progress, draft: Checkpoint | None = None) -> Experiment:
    """Serve both workloads without guesses, with some always, and with the control; then with a draft model.

    draft: who guesses in the last rows; None: a third of the model's own layers. KitError if it has another vocabulary.
    """
    if draft is not None and draft.model.config.vocab_size != checkpoint.model.config.vocab_size:
        words = f"{draft.model.config.vocab_size} and {checkpoint.model.config.vocab_size} words"
        raise KitError(f"{draft.name} can't guess for {checkpoint.name}: {words}. Both need the same tokenizer.")
    plain, checkpoint = checkpoint, replace(checkpoint, model=tuned(checkpoint.model))
    limit = 12 if quick else 64
    sizes: tuple[int, ...] = (1, 2) if quick else ROWS
    found: list[Compared] = []
    scenes = [(name, rows) for rows in sizes for name in WORKLOADS]
    for number, (name, rows) in enumerate(scenes):
        progress(f"{name}, {rows} at a time", number / (len(scenes) + 1))
        tasks = asked(checkpoint.tokenizer, WORKLOADS[name], 2 if quick else COUNTS[rows], limit)
        found += by_turns(name, checkpoint, tasks, rows, WAYS)
    progress("a draft model", 1 - 1 / (len(scenes) + 1))
    tasks = asked(checkpoint.tokenizer, QUOTING, 1 if quick else 4, limit)
    ways = {"no guesses": no_guesses, "draft, 4 always": lambda: drafted(checkpoint, draft)}
    found += by_turns("quoting", checkpoint, tasks, 1, ways)[1:]
    beside = beside_mlx_lm(plain, checkpoint, tasks[0][0], draft)
    return Experiment(
        title="Guesses by prompt lookup, at 1 to 32 rows",
        columns=["workload", "rows", "guesses", "steps", "came true", "tokens/s", "times no guesses"],
        rows=[
            [
                each.workload,
                each.rows,
                each.way,
                each.found.steps,
                f"{each.found.acceptance:.0%}" if each.found.judged else "–",
                each.found.tokens_per_second,
                each.ratio,
            ]
            for each in found
        ],
        data={"mlx-lm": beside, "by position": _positions(found)},
        figure=lambda: draw(found),
        description="On the left, the share of guesses that come true by their position: high and falling slowly where "
        "answers quote, soon low where they are invented. On the right, tokens a second with guesses over those "
        "without, by the number of rows: what guessing gives shrinks as rows grow; the control mostly loses less than "
        "always guessing where it does not pay.",
        notes=[
            "Only limits end answers. All ways are served in turn, a step of each.",
            f"One request, a draft of {_of(checkpoint, draft)}, 4 guesses: {beside['ours']:.1f} tokens/s here, "
            f"{beside['mlx-lm']:.1f} with mlx-lm's own speculative generation.",
        ],
    )


def no_guesses() -> None:
    """Day 10's engine."""


def always(count: int) -> Guessing:
    """Prompt lookup, so many guesses a row."""
    load = implementations.load
    return Guessing(lambda limits: load("proposers").PromptLookup(), load("guess_control").FixedGuesses(count))


def measured() -> Guessing:
    """Prompt lookup, as many guesses as pay."""
    load = implementations.load
    control = load("measured_guesses").MeasuredGuesses(MOST, clock=WallClock())
    return Guessing(lambda limits: load("proposers").PromptLookup(), control)


WAYS: dict[str, MakeGuessing] = {
    "no guesses": no_guesses,
    f"{MOST} always": lambda: always(MOST),
    "as measured": measured,
}


def drafted(checkpoint: Checkpoint, draft: Checkpoint | None) -> Guessing:
    """A draft model, 4 guesses a row."""
    load, model = implementations.load, _draft(checkpoint, draft)

    def proposer(limits: Any) -> Any:
        return load("draft").DraftModel(load("runner").MlxRunner(model, **limits), max_running=limits["max_running"])

    return Guessing(proposer, load("guess_control").FixedGuesses(4))


def _draft(checkpoint: Checkpoint, draft: Checkpoint | None) -> Any:
    return (
        early_exit(checkpoint.model, max(1, checkpoint.model.config.num_layers // 3)) if draft is None else draft.model
    )


def _of(checkpoint: Checkpoint, draft: Checkpoint | None) -> str:
    if draft is not None:
        return draft.name
    return f"the first {max(1, checkpoint.model.config.num_layers // 3)} layers of {checkpoint.name}"


def by_turns(name: str, checkpoint: Checkpoint, tasks: Any, rows: int, ways: dict[str, MakeGuessing]) -> list[Compared]:
    """All ways on one workload, step by step by turns; the first of them is the yardstick."""
    found = serve_by_turns(checkpoint, tasks, rows, {f"{name}, {way}": make() for way, make in ways.items()})
    slowest = next(iter(found.values())).seconds
    return [
        Compared(name, rows, way, each, slowest / each.seconds) for way, each in zip(ways, found.values(), strict=True)
    ]


def beside_mlx_lm(plain: Checkpoint, arranged: Checkpoint, one: Any, draft: Checkpoint | None) -> dict[str, float]:
    """Tokens a second of one request with the same draft: our engine's, and mlx-lm's, behind the first token each."""
    from tiny_batch_kit.shows.versus.speculative import mlx_lm_speculative

    ours = serve_guessing("ours", arranged, [(one, QUOTING[0])], 1, drafted(arranged, draft))
    theirs, seconds = mlx_lm_speculative(plain.model, _draft(plain, draft), one.ids, one.limit, guesses=4)
    same = sum(a == b for a, b in zip(ours.answers[0], theirs, strict=True))
    return {"ours": ours.tokens_per_second, "mlx-lm": len(theirs) / seconds, "equal tokens": same}


def _positions(found: Sequence[Compared]) -> dict[str, list[float]]:
    """The share that came true by position, of MOST guesses always, one row at a time."""
    return {
        each.workload: [share for _, share in each.found.by_position()]
        for each in found
        if each.way == f"{MOST} always" and each.rows == found[0].rows
    }


def draw(found: Sequence[Compared]) -> Figure:
    """Acceptance by position, and what guessing gives by rows."""
    from tiny_batch_kit.shows.plots import MARKERS, figure

    made, (left, right) = figure(2, width=9.0)
    for marker, (name, shares) in zip(MARKERS, _positions(found).items(), strict=False):
        left.plot(range(1, len(shares) + 1), shares, marker=marker, label=name)
    left.set(xlabel="position of the guess", ylabel="share that came true", title="Do guesses come true?", ylim=(0, 1))
    left.legend()
    lines = [(name, way) for name in WORKLOADS for way in (f"{MOST} always", "as measured")]
    for marker, (name, way) in zip(MARKERS, lines, strict=False):
        points = [(each.rows, each.ratio) for each in found if (each.workload, each.way) == (name, way)]
        dash = "-" if way == "as measured" else "--"
        right.plot(*zip(*points, strict=True), dash, marker=marker, label=f"{name}, {way}")
    right.axhline(1.0, linewidth=1, color="grey")
    right.set(xlabel="rows", ylabel="tokens/s, times no guesses", title="Does guessing pay?", xscale="log")
    right.set_xticks(sorted({each.rows for each in found}), [str(rows) for rows in sorted({e.rows for e in found})])
    right.legend()
    return made
