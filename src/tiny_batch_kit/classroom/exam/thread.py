"""The exam of Day 15: the thread that owns the engine, without a thread: its inbox says when it would sleep."""

from __future__ import annotations

from queue import Empty
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


class _Asleep(BaseException):
    """The thread would sleep, and no message will ever come."""


def _inbox(random: Random) -> Case:
    names = [f"r{n}" for n in range(8)]

    def messages() -> list[list[Any]]:
        kinds = ["submit", "submit", "submit", "cancel", "stop"]
        return [[random.choice(kinds), random.choice(names), random.randint(1, 3)] for _ in range(random.randint(0, 3))]

    def calmly() -> list[list[Any]]:
        return [each for each in messages() if each[0] != "stop"]

    return {
        "batches": [[["submit", "r0", 2]], *[calmly() for _ in range(4)], messages(), messages()],
        "during": {str(random.randint(1, 6)): random.choice([calmly, messages])() for _ in range(3)},
        "refused": random.sample(names, 2),
        "breaks": [random.randint(2, 12), random.choice(["step", "told", "noted", ""])],
        "error": random.choice(["ValueError", "SystemExit", "KeyError"]),
    }


class _Engine:
    """Its requests want some steps each. It notes what it is asked."""

    def __init__(self, case: Case, log: list[Any]) -> None:
        self.case, self.log, self.left, self.steps = case, log, dict[str, int](), 0
        self.thread: Any = None
        self.batches = [list(each) for each in case["batches"]]
        self.messages: list[Any] = []
        self.clock, self.looks = 5.0, 0

    def now(self) -> float:
        """See Clock."""
        return self.clock

    @property
    def has_work(self) -> bool:
        """See Engine."""
        return bool(self.left)

    def add_request(self, request: Any) -> None:
        """See Engine; some are refused."""
        self.log.append(["add", request.id])
        if request.id in self.case["refused"]:
            raise (ValueError if request.id > "r3" else RuntimeError)("held out")
        self.left[request.id] = request.max_tokens

    def abort(self, request_id: str) -> None:
        """See Engine."""
        self.log.append(["abort", request_id])
        if request_id not in self.left:
            raise ValueError("held out")
        del self.left[request_id]

    def step(self) -> list[Any]:
        """See Engine; messages may come meanwhile."""
        self.steps += 1
        self.clock += 1.5
        self.looks = 0
        self.log.append(["step", self.steps, self.clock - self.thread.busy_since, self.thread.steps])
        self.maybe_break("step")
        for message in self.case["during"].get(str(self.steps), ()):
            self.put(_message(message))
        events = sorted(self.left)
        self.left = {name: count - 1 for name, count in self.left.items() if count > 1}
        return events

    def maybe_break(self, where: str) -> None:
        """Raise what the case says, where it says so."""
        if self.case["breaks"] == [self.steps, where]:
            kinds: dict[str, type[BaseException]] = {"ValueError": ValueError, "KeyError": KeyError}
            raise kinds.get(self.case["error"], SystemExit)("held out")

    def put(self, message: Any) -> None:
        """See SimpleQueue."""
        self.messages.append(message)

    def get_nowait(self) -> Any:
        """See SimpleQueue."""
        return self.get(False)

    def empty(self) -> bool:
        """See SimpleQueue."""
        self.looks += 1
        return not self.messages and self._patient()

    def qsize(self) -> int:
        """See SimpleQueue."""
        self.looks += 1
        return len(self.messages) if self._patient() else 0

    def _patient(self) -> bool:
        """True, unless an idle thread looks again and again."""
        if self.looks > 30 and not self.has_work and not self.messages:
            self.log.append("polls")
            raise _Asleep
        return True

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """See SimpleQueue. A reader that waits gets what comes next, in time; one that must not is told so."""
        self.looks += 1
        if self.messages:
            self.looks = 0
            return self.messages.pop(0)
        if not block and (self.has_work or self.looks < 30):
            raise Empty
        self.log.append(["waits" if block and timeout is None else "polls", self.has_work, self.thread.busy_since])
        if not self.batches or self.has_work:
            raise _Asleep
        self.messages = list(map(_message, self.batches.pop(0)))
        return self.get(block, timeout)


def _message(message: list[Any]) -> Any:
    kind, name, count = message
    module = load("engine_thread")
    if kind == "submit":
        return module.Submit(load("request").Request(name, [1], count))
    return module.Cancel(name) if kind == "cancel" else module.Stop()


@sheet("15.2", _inbox, 30)
def _thread(case: Case) -> Any:
    module, log = load("engine_thread"), list[Any]()
    engine = _Engine(case, log)

    def annotate(event: Any) -> Any:
        engine.maybe_break("noted")
        return f"noted {event}"

    def on_step(events: Any) -> None:
        log.append(["heard", list(events)])
        engine.maybe_break("told")

    thread = module.EngineThread(engine, clock=engine, annotate=annotate, on_step=on_step)
    engine.thread, thread.inbox = thread, engine

    def tell(report: Any) -> None:
        kind = type(report).__name__
        if kind == "Stepped":
            log.append([kind, list(report.events), thread.steps, thread.busy_since])
        else:
            log.append([kind, getattr(report, "request_id", ""), type(report.error).__name__])

    try:
        thread.serve(tell)
    except _Asleep:
        log.append("asleep")
    return [log, thread.steps]
