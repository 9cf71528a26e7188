"""What the demo shows while it works: every slot and what it is doing, or a few lines where that can't be drawn."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tiny_batch_kit.demo.serving import Asked, PausingClock
from tiny_batch_kit.timeline.palette import PALETTE

_EVERY = 0.15  # seconds between two drawings: smooth enough, and cheap
_BAR = 16


class LiveBoard:
    """A `Watcher` that draws one way of serving while it runs. Use it as a context manager.

    On a terminal it redraws a table of slots in place; elsewhere (a log) it prints a line as answers come.
    """

    def __init__(
        self,
        console: Console,
        title: str,
        asked: Sequence[Asked],
        clock: PausingClock,
        decode: Callable[[list[int]], str],
        eos_token_id: int | None = None,
    ) -> None:
        self._console, self._title, self._clock, self._decode = console, title, clock, decode
        self._eos = eos_token_id
        self._total = len(asked)
        self._group: list[Asked] = []
        self._tokens: list[list[int]] = []
        self._wasted: list[int] = []
        self._answered = self._steps = self._told = 0
        self._drawn = 0.0
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
        if kind is None:
            self._console.print(self._headline(self._total), highlight=False)

    def batch(self, group: Sequence[Asked]) -> None:
        """Show that row i now serves `group[i]`."""
        with self._clock.paused():
            self._answered += len(self._group)
            self._group = list(group)
            self._tokens = [[] for _ in group]
            self._wasted = [0] * len(group)
            self._draw(now=True)

    def step(self, sampled: Sequence[int | None]) -> None:
        """Show what one step brought."""
        with self._clock.paused():
            self._steps += 1
            for row, token in enumerate(sampled):
                if token is None:
                    self._wasted[row] += 1
                else:
                    self._tokens[row].append(token)
            self._draw()

    def _draw(self, now: bool = False) -> None:
        done = self._answered + sum(self._is_done(row) for row in range(len(self._group)))
        if self._live is None:
            if done >= self._told + max(1, self._total // 3) and done < self._total:
                self._told = done
                self._console.print(self._headline(done), highlight=False)
        elif now or time.monotonic() - self._drawn > _EVERY:
            self._live.update(Group(self._headline(done), self._table()), refresh=True)
            self._drawn = time.monotonic()

    def _is_done(self, row: int) -> bool:
        tokens = self._tokens[row]
        return len(tokens) >= self._group[row].limit or (bool(tokens) and tokens[-1] == self._eos)

    def _headline(self, done: int) -> Text:
        text = Text(f"{self._title}: ", style="bold")
        text.append(f"{done} of {self._total} answered", "default not bold")
        return text.append(f", {self._steps} steps, {self._clock.now():.1f} s", "not bold dim")

    def _table(self) -> RenderableType:
        wide = self._console.width >= 70
        table = Table.grid(padding=(0, 1), expand=True)
        for name in ("slot", "request", "state", "bar"):
            table.add_column(name, no_wrap=True, justify="right" if name == "slot" else "left")
        if wide:
            table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
        fits = max(1, self._console.height - 4)
        for row in range(min(len(self._group), fits)):
            table.add_row(*self._cells(row, wide))
        if len(self._group) > fits:
            table.add_row("", f"and {len(self._group) - fits} more")
        return table

    def _cells(self, row: int, wide: bool) -> list[RenderableType]:
        request, made = self._group[row], len(self._tokens[row])
        colour = PALETTE[(int(request.id) - 1) % len(PALETTE)]
        state = ("wasted", "dim") if self._wasted[row] else ("done", "bold") if self._is_done(row) else ("decode", "")
        if not made:
            state = ("prefill", "italic")
        filled = round(_BAR * min(1.0, made / request.limit))
        bar = Text("█" * filled, colour).append("░" * (_BAR - filled), "dim")
        cells: list[RenderableType] = [
            Text(f"slot {row}", "dim"),
            Text(f"{request.id} {request.name}", colour),
            Text(*state),
            bar.append(f" {made:>2}/{request.limit}", "dim"),
        ]
        if wide:
            tail = self._tokens[row][-24:]
            cells.append(Text(" ".join(self._decode([token for token in tail if token != self._eos]).split()), "dim"))
        return cells
