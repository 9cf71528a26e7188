"""What the demo shows while it works: every slot and what it is doing, or a few lines where that can't be drawn."""

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import Asked
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.palette import PALETTE

_EVERY = 0.15  # seconds between two drawings: smooth enough, and cheap
_BAR = 16
_STATES = {Kind.PREFILL: ("prefill", "italic"), Kind.DECODE: ("decode", ""), Kind.WASTED: ("wasted", "dim")}


class LiveBoard:
    """A `Watcher` that draws one way of serving while it runs. Use it as a context manager.

    On a terminal it redraws a table of slots in place; elsewhere (a log) it prints a line as answers come.
    """

    def __init__(self, console: Console, about: str, total: int, decode: Callable[[list[int]], str]) -> None:
        """about: what this way does, in a few words. total: how many requests there are. decode: tokens to text."""
        self._console, self._about, self._total, self._decode = console, about, total, decode
        self._told = 0
        self._drawn = 0.0
        self._run: Run | None = None
        self._doing: dict[int, tuple[str | None, Kind]] = {}  # slot -> whom it served last, and what it did
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> "LiveBoard":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        if kind is None and self._run is not None:
            self._console.print(self._headline(self._run), highlight=False)

    def show(self, run: Run) -> None:
        """Show what one step brought."""
        self._run = run
        self._doing.update({row.slot: (row.request, row.kind) for row in run.recorder.last})
        if self._live is None:
            done = len(run.done)
            if done >= self._told + max(1, self._total // 3) and done < self._total:
                self._told = done
                self._console.print(self._headline(run), highlight=False)
        elif time.monotonic() - self._drawn > _EVERY:
            self._live.update(Group(self._headline(run), Text(self._about, "dim"), self._table(run)), refresh=True)
            self._drawn = time.monotonic()

    def _headline(self, run: Run) -> Text:
        text = Text(f"{run.label}: ", style="bold")
        text.append(f"{len(run.done)} of {self._total} answered", "default not bold")
        queue = f", {run.waiting} waiting" if run.waiting else ""
        return text.append(f"{queue}, {run.recorder.steps} steps, {run.clock.now():.1f} s", "not bold dim")

    def _table(self, run: Run) -> RenderableType:
        wide = self._console.width >= 70
        table = Table.grid(padding=(0, 1), expand=True)
        for name in ("slot", "request", "state", "bar"):
            table.add_column(name, no_wrap=True, justify="right" if name == "slot" else "left")
        if wide:
            table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
        fits = max(1, self._console.height - 5)
        by_id = {one.id: one for one in run.asked}
        for slot in range(min(run.slots, fits)):
            request, kind = self._doing.get(slot, (None, Kind.IDLE))
            table.add_row(*self._cells(run, slot, by_id.get(request or ""), kind, wide))
        if run.slots > fits:
            table.add_row("", f"and {run.slots - fits} more")
        return table

    def _cells(self, run: Run, slot: int, one: Asked | None, kind: Kind, wide: bool) -> list[RenderableType]:
        number = Text(f"slot {slot}", "dim")
        if one is None:
            return [number, Text("empty", "dim"), Text("", "dim"), Text("░" * _BAR, "dim"), *([Text("")] * wide)]
        tokens = run.tokens[one.id]
        colour = PALETTE[run.asked.index(one) % len(PALETTE)]
        state = ("done", "bold") if one.id in run.done and kind is not Kind.WASTED else _STATES.get(kind, ("", ""))
        filled = round(_BAR * min(1.0, len(tokens) / one.limit))
        bar = Text("█" * filled, colour).append("░" * (_BAR - filled), "dim")
        cells: list[RenderableType] = [
            number,
            Text(f"{one.id} {one.name}", colour),
            Text(*state),
            bar.append(f" {len(tokens):>2}/{one.limit}", "dim"),
        ]
        if wide:
            cells.append(Text(" ".join(self._decode(tokens[-24:]).split()), "dim"))
        return cells
