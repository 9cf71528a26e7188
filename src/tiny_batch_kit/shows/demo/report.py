"""How the demo ends: the answers, the timelines and the table, in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.run import Served
from tiny_batch_kit.serving.trace import Asked
from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.events import Timeline
from tiny_batch_kit.timeline.html import COLUMNS, comparison
from tiny_batch_kit.timeline.palette import PALETTE
from tiny_batch_kit.timeline.terminal import TerminalTimelines

_LONGEST = 180  # characters of an answer in the terminal


def answer_text(checkpoint: Checkpoint, asked: Asked, tokens: list[int]) -> str:
    """Return an answer as text; "…" at its end says that the limit cut it."""
    text = checkpoint.tokenizer.decode(tokens).strip()
    return text + " …" if len(tokens) >= asked.limit and not text.endswith((".", "!", "?")) else text


def show_answers(console: Console, checkpoint: Checkpoint, asked: Sequence[Asked], served: Served) -> None:
    """Print question and answer of each request, the answer on a few lines at most."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False, expand=False)
    table.add_column(justify="right", style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for request, tokens in zip(asked, served.tokens, strict=True):
        answer = " ".join(answer_text(checkpoint, request, tokens).split())
        if len(answer) > _LONGEST:
            answer = answer[:_LONGEST].rsplit(" ", 1)[0] + " …"
        colour = PALETTE[(int(request.id) - 1) % len(PALETTE)]
        table.add_row(Text(request.id, colour), Text(request.text, "bold").append(f"\n{answer}", "not bold"))
    console.print(table)


def show_timelines(console: Console, timelines: Sequence[Timeline]) -> None:
    """Print the timelines on one scale."""
    console.print(TerminalTimelines(timelines))


def columns() -> list[str]:
    """Return the names of the closing table's columns."""
    return [*COLUMNS, "mean latency"]


def totals(served: Sequence[Served]) -> list[list[str]]:
    """Return the closing table: a row of text for each way, for `columns`."""
    rows = comparison([each.timeline for each in served])
    means = [sum(each.latencies) / len(each.latencies) for each in served]
    return [[*row, words.seconds(mean)] for row, mean in zip(rows, means, strict=True)]


def headline(served: Sequence[Served]) -> str:
    """Return how fast each way was beside the first, in a sentence."""
    first, *others = [each.timeline for each in served]
    if not others:
        return f"{first.label} took {words.seconds(first.end - first.start)}."
    *some, last = [f"{other.label.lower()} {words.speed_up(first, other) or 0:.1f}" for other in others]
    return f"Times as fast as {first.label.lower()}: {', '.join(some)}{' and ' if some else ''}{last}."


def model_alone(given: Served, again: Served, engine: Served) -> str:
    """Return how much of the engine's speed is its model's. given, again: one way, on the other model and on its."""
    before, alone, after = (words.seconds(each.timeline.end - each.timeline.start) for each in (given, again, engine))
    gain = words.speed_up(given.timeline, again.timeline) or 0
    name = given.timeline.label.lower()
    return (
        f"Only the engine had the model arranged for this CPU: weights that the BLAS need not copy. That alone makes "
        f"{name} {gain:.1f} times as fast, {alone} in place of {before}; the engine took {after}."
    )


def show_table(console: Console, served: Sequence[Served]) -> None:
    """Print the closing table: across on a wide terminal, down on a narrow one, and less of it on a very narrow one."""
    rows = totals(served)
    if console.width < 70:  # no room for a column a way: what matters most
        few = [columns().index(name) for name in ("", "wall time", "tokens/s", "speed-up")]
        table = Table(*[columns()[index] for index in few], box=None, header_style="bold")
        for row in rows:
            table.add_row(*[row[index] for index in few])
    elif console.width < 96:
        table = Table("", *[row[0] for row in rows], box=None, header_style="bold")
        for index, name in enumerate(columns()[1:], start=1):
            table.add_row(name, *[row[index] for row in rows])
    else:
        table = Table(*columns(), box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)
