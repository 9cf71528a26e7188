"""The recorder: a run tells it what each slot did in each step, and gets a `Timeline` back."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.machine.clocks import Clock
from tiny_batch_kit.timeline.events import Event, Kind, Timeline


@dataclass(frozen=True)
class RowWork:
    """What one slot did in one step: `tokens` read by the model, `sampled` tokens that were kept."""

    slot: int
    kind: Kind
    request: str | None = None
    tokens: int = 1
    sampled: int = 0


class Recorder:
    """Collects the events of one run. Its time is the clock's, counted from the moment that the recorder is made."""

    def __init__(self, clock: Clock, label: str, slots: int | None = None) -> None:
        self.label = label
        self._clock = clock
        self._slots = slots
        self._origin = clock.now()
        self._step_start = 0.0
        self._steps = 0
        self._events: list[Event] = []
        self._open: list[StaticBatch] = []
        self.last: Sequence[RowWork] = ()
        """What each slot did in the newest step."""

    @property
    def steps(self) -> int:
        """How many steps have been recorded."""
        return self._steps

    def now(self) -> float:
        """Return the seconds since the recorder was made."""
        return self._clock.now() - self._origin

    def arrive(self, request: str, at: float | None = None) -> None:
        """Note that `request` arrived, now or at `at` seconds."""
        self._moment(Kind.ARRIVE, request, None, "", at)

    def finish(self, request: str, slot: int | None = None, note: str = "", at: float | None = None) -> None:
        """Note that `request` reached its end, and why in `note`: "stop", "length", "cancelled", "error"."""
        self._moment(Kind.FINISH, request, slot, note, at)

    def preempt(self, request: str, slot: int | None = None, note: str = "") -> None:
        """Note that `request` was put back into the queue and its slot given to another."""
        self._moment(Kind.PREEMPT, request, slot, note, None)

    def begin(self) -> None:
        """Mark the start of the next step. Without it a step starts where the one before ended."""
        self._step_start = self.now()

    def step(self, rows: Sequence[RowWork]) -> None:
        """Note that a forward pass has just ended, and what each slot did in it."""
        start, end = self._step_start, self.now()
        read = sum(row.tokens for row in rows)
        sampled = sum(row.sampled for row in rows)
        self._events.append(Event(Kind.STEP, start, end, self._steps, tokens=read, sampled=sampled))
        for row in rows:
            self._events.append(
                Event(row.kind, start, end, self._steps, row.slot, row.request, row.tokens, row.sampled)
            )
        self._steps += 1
        self._step_start = end
        self.last = list(rows)

    def static_batch(
        self,
        requests: Sequence[str],
        *,
        prompt_tokens: Sequence[int] | None = None,
        eos_token_id: int | None = None,
    ) -> "StaticBatch":
        """Begin a static batch whose row i serves `requests[i]`; return what `static_generate` takes as `on_step`.

        `prompt_tokens` are the prompts' lengths. With `eos_token_id`, a sampled end-of-text token is not counted as
        an answer's token, and ends its row with the note "stop".
        """
        self._close_batches()
        batch = StaticBatch(self, requests, prompt_tokens, eos_token_id)
        self._open.append(batch)
        self.begin()
        return batch

    def timeline(self, **facts: object) -> Timeline:
        """Return all that was recorded; open static batches are closed first. `facts` (JSON) travel along."""
        self._close_batches()
        needed = max((e.slot + 1 for e in self._events if e.slot is not None), default=1)
        return Timeline(self.label, self._slots or needed, tuple(self._events), facts)

    def _close_batches(self) -> None:
        for batch in self._open:
            batch.close()
        self._open.clear()

    def _moment(self, kind: Kind, request: str, slot: int | None, note: str, at: float | None) -> None:
        moment = self.now() if at is None else at
        self._events.append(Event(kind, moment, moment, self._steps, slot, request, note=note))


class StaticBatch:
    """The `on_step` of one static batch: call it after each step with one sampled token, or None, a row."""

    def __init__(
        self,
        recorder: Recorder,
        requests: Sequence[str],
        prompt_tokens: Sequence[int] | None,
        eos_token_id: int | None,
    ) -> None:
        if prompt_tokens is not None and len(prompt_tokens) != len(requests):
            raise KitError(
                f"A static batch of {len(requests)} requests got {len(prompt_tokens)} prompt lengths: give one each."
            )
        self._recorder = recorder
        self._requests = list(requests)
        self._prompt_tokens = list(prompt_tokens) if prompt_tokens is not None else [1] * len(self._requests)
        self._eos = eos_token_id
        # Without the end-of-text token we can't tell why a row ended, so we don't say.
        self._limit_note = "" if eos_token_id is None else "length"
        self._first = True
        self._live = dict(enumerate(self._requests))
        self._last_end = recorder.now()

    def __call__(self, sampled: Sequence[int | None]) -> None:
        """Record one step: a token for a row that was live, None for a row that only rode along."""
        if len(sampled) != len(self._requests):
            raise KitError(
                f"on_step got {len(sampled)} entries for a batch of {len(self._requests)} rows: give one entry a row, "
                "None for a row that had finished."
            )
        for slot, token in enumerate(sampled):
            if token is None:
                self._finish(slot, self._limit_note)
        self._recorder.step([self._work(slot, token) for slot, token in enumerate(sampled)])
        self._first = False
        self._last_end = self._recorder.now()
        for slot, token in enumerate(sampled):
            if token is not None and token == self._eos:
                self._finish(slot, "stop")

    def close(self) -> None:
        """Mark the rows that are still live as finished at the last step's end."""
        for slot in list(self._live):
            self._finish(slot, self._limit_note)

    def _work(self, slot: int, token: int | None) -> RowWork:
        kind = Kind.WASTED if token is None else Kind.PREFILL if self._first else Kind.DECODE
        read = self._prompt_tokens[slot] if self._first else 1
        kept = int(token is not None and token != self._eos)
        return RowWork(slot, kind, self._requests[slot], read, kept)

    def _finish(self, slot: int, note: str) -> None:
        request = self._live.pop(slot, None)
        if request is not None:
            self._recorder.finish(request, slot, note, at=self._last_end)
