"""Day 15 · Serve: streams, the engine's thread, the bridge, refusals, a life, answers, and what makes requests."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from queue import Empty, Queue
from threading import get_ident
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.answers import Answer, Choice, merged
from tiny_batch.bridge import Bridge, EngineDown, ShuttingDown
from tiny_batch.engine import FinishedEvent, PreemptedEvent, TokenEvent
from tiny_batch.engine_thread import Answered, Cancel, Died, EngineThread, Stepped, Stop, Submit
from tiny_batch.life import Life
from tiny_batch.logprobs import Ended, Score, ScoredSampling, ScoredToken
from tiny_batch.plan import QueueFull
from tiny_batch.refusals import (
    EngineFailed,
    Refusal,
    as_refusal,
    check_fields,
    check_length,
    field_name,
    wait_time,
)
from tiny_batch.request import FinishReason, Request
from tiny_batch.server import Service
from tiny_batch.stream import EventStream, TooSlow
from tiny_batch_kit.grading.expect import Mismatch, expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.machine.virtual_time import NothingLeft, run_virtual
from tiny_batch_kit.model.tokenizer import ByteTokenizer
from tiny_batch_kit.server.schemas import ChatBody, CompletionBody
from tiny_batch_kit.server.wire import ChatWire, CompletionWire

FOREVER = 1e6
"""Virtual seconds: who waits so long was forgotten."""


def play(main: Coroutine[Any, Any, Any], case: str) -> Any:
    """Run in virtual time. A wait that never ends is a mistake, and so is an error in a callback of the loop."""
    faults: list[str] = []

    async def heard() -> Any:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(_fault(context)))
        return await main

    try:
        result = run_virtual(heard())
    except NothingLeft as error:
        if isinstance(error.__cause__, NotImplementedError):
            raise error.__cause__ from None
        raise Mismatch(
            "whatever waits is woken, by what it waits for or by an error",
            case,
            f"all wait, and nothing is left that could wake them{_after(faults)}",
            "an end",
        ) from error
    expect_equal(faults, [], asked="no error is left on the event loop", case=case)
    return result


def _fault(context: dict[str, Any]) -> str:
    error = context.get("exception")
    if isinstance(error, NotImplementedError):
        raise error
    return f"{context['message']}: {error!r}"


def _after(faults: list[str]) -> str:
    return f", after {faults[0]}" if faults else ""


async def turns(count: int = 20) -> None:
    """Let all others go on, as far as they can without time."""
    for _ in range(count):
        await asyncio.sleep(0)


async def outcome(awaitable: Any) -> Any:
    """What an awaitable gives, or the error that it raises. A hole is no outcome."""
    try:
        return await awaitable
    except NotImplementedError:
        raise
    except (Exception, asyncio.CancelledError) as error:
        return error


async def read_all(stream: Any) -> tuple[list[Any], Any]:
    """All events of a stream, and how it ended: None, or its error."""
    events: list[Any] = []
    try:
        async for event in stream:
            events.append(event)
    except NotImplementedError:
        raise
    except Exception as error:
        return events, error
    return events, None


async def begun(found: Any) -> Any:
    """An async generator, ready to be read. As long as its `yield` is not written, Python takes it for a coroutine."""
    if asyncio.iscoroutine(found):
        got = await found
        raise Mismatch(
            "an async generator yields", "a call of it", f"a coroutine that returns {got!r}", "`yield` in it"
        )
    return found


def now() -> float:
    return round(asyncio.get_running_loop().time(), 4)


def token(name: str, number: int, text: str = "") -> TokenEvent:
    return TokenEvent(name, number, text)


def finished(
    name: str, reason: FinishReason = FinishReason.LENGTH, text: str = "", error: str | None = None
) -> FinishedEvent:
    return FinishedEvent(name, reason, text, error, 0.0, 0.0, None, 1.0)


def request(name: str, prompt: Sequence[int] = (1, 2, 3)) -> Request:
    return Request(name, prompt, 5)


# Task 15.1


@pytest.mark.task("15.1")
def test_events_are_read_in_the_order_in_which_they_were_put():
    async def main() -> Any:
        stream = EventStream[str](8)
        took = [stream.put(each) for each in "abc"]
        stream.end()
        return took, await read_all(stream), now()

    case = "put a, b and c, then end, then read"
    took, (events, error), when = play(main(), case)
    expect_equal(took, [True] * 3, asked="put says that the reader can get each", case=case)
    expect_equal((events, error), (["a", "b", "c"], None), asked="all of them, in order, and a good end", case=case)
    expect_equal(when, 0.0, asked="what lies there comes at once", case=case)


@pytest.mark.task("15.1")
def test_a_reader_waits_for_what_comes():
    async def main() -> Any:
        stream = EventStream[str](8)
        got: list[Any] = []

        async def reader() -> None:
            async for event in stream:
                got.append((event, now()))

        reading = asyncio.create_task(reader())
        for seconds, event in ((1, "a"), (2, "b")):
            await asyncio.sleep(seconds)
            stream.put(event)
        await asyncio.sleep(3)
        stream.end()
        await reading
        return got, now()

    case = "a reader from the start; a at 1 s, b at 3 s, the end at 6 s"
    expect_equal(
        play(main(), case), ([("a", 1.0), ("b", 3.0)], 6.0), asked="each event as soon as it is there", case=case
    )


@pytest.mark.task("15.1")
def test_a_reader_who_waits_does_nothing():
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        stream = EventStream[str](8)
        reading = asyncio.create_task(anext(stream))
        await turns()
        calls = 0
        soon, at = loop.call_soon, loop.call_at

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def called(*args: Any, **options: Any) -> Any:
                nonlocal calls
                calls += 1
                return call(*args, **options)

            return called

        loop.call_soon, loop.call_at = counted(soon), counted(at)
        await turns(50)
        await asyncio.sleep(1)
        loop.call_soon, loop.call_at = soon, at
        idle = calls - 50  # those of `turns` itself; the sleep makes a few
        stream.put("a")
        return await reading, idle

    case = "a reader waits while the event loop turns fifty times and a second goes by, and nothing is put"
    got, idle = play(main(), case)
    expect_equal(got, "a", asked="it gets what is put in the end", case=case)
    expect_true(
        idle <= 10,
        asked="a reader sleeps until there is news: it never looks whether there is some",
        case=case,
        got=f"it woke up {idle} times",
        expected="not once",
    )


@pytest.mark.task("15.1")
@pytest.mark.parametrize("bound", [1, 3])
def test_as_many_as_the_bound_may_lie_unread(bound: int):
    async def main() -> Any:
        stream = EventStream[int](bound)
        took = [stream.put(number) for number in range(bound)]
        ended = stream.ended
        stream.end()
        return took, ended, await read_all(stream)

    case = f"bound {bound}, {bound} events, and then the end"
    took, ended, (events, error) = play(main(), case)
    expect_equal((took, ended), ([True] * bound, False), asked="exactly `bound` may lie unread", case=case)
    expect_equal((events, error), (list(range(bound)), None), asked="an end needs no room", case=case)


@pytest.mark.task("15.1")
@pytest.mark.parametrize("bound", [1, 3])
def test_one_more_than_the_bound_cuts_the_reader_off(bound: int):
    async def main() -> Any:
        stream = EventStream[int](bound)
        took = [stream.put(number) for number in range(bound + 1)]
        return took, stream.ended, await read_all(stream)

    case = f"bound {bound}, {bound + 1} events that nobody reads"
    took, ended, (events, error) = play(main(), case)
    expect_equal(took, [True] * bound + [False], asked="put says that the last one will not be read", case=case)
    expect_equal(ended, True, asked="the stream has ended", case=case)
    expect_equal(events, list(range(bound)), asked="what lies there can still be read, and nothing more", case=case)
    expect_true(isinstance(error, TooSlow), asked="then comes TooSlow", case=case, got=repr(error), expected="TooSlow")


@pytest.mark.task("15.1")
def test_who_was_cut_off_stays_cut_off():
    async def main() -> Any:
        stream = EventStream[int](2)
        for number in range(3):
            stream.put(number)
        first = await anext(stream)
        took = stream.put(9)
        return first, took, await read_all(stream)

    case = "bound 2; 0, 1 and 2 are put, 0 is read, 9 is put"
    first, took, (events, error) = play(main(), case)
    expect_equal((first, took, events), (0, False, [1]), asked="there is room again, and no way back", case=case)
    expect_true(isinstance(error, TooSlow), asked="the end is TooSlow", case=case, got=repr(error), expected="TooSlow")


@pytest.mark.task("15.1")
def test_who_keeps_up_is_never_cut_off():
    async def main() -> Any:
        stream = EventStream[int](2)
        got = []
        for number in range(50):
            took = stream.put(2 * number), stream.put(2 * number + 1)
            got += [took, await anext(stream), await anext(stream)]
        return got

    case = "bound 2; a hundred events, read two by two"
    wanted = [each for n in range(50) for each in ((True, True), 2 * n, 2 * n + 1)]
    expect_equal(play(main(), case), wanted, asked="the bound counts what lies unread, not what was put", case=case)


@pytest.mark.task("15.1")
@pytest.mark.parametrize("error", [None, RuntimeError("no engine")], ids=["good-end", "error"])
def test_an_end_comes_behind_what_lies_there_and_stays(error: Exception | None):
    async def main() -> Any:
        stream = EventStream[str](8)
        stream.put("a")
        stream.end(error)
        took = stream.put("late")
        first = await read_all(stream)
        return took, first, await outcome(anext(stream)), await outcome(anext(stream))

    case = f"a is put, the stream ended with {error!r}, something put after it; then all is read"
    took, (events, last), again, third = play(main(), case)
    expect_equal(took, False, asked="after an end nothing is taken", case=case)
    expect_equal((events, last), (["a"], error), asked="first what lies there, then the end", case=case)
    wanted = StopAsyncIteration if error is None else RuntimeError
    expect_equal((type(again), type(third)), (wanted, wanted), asked="asked again, it ends again", case=case)


@pytest.mark.task("15.1")
@pytest.mark.parametrize("first", [None, RuntimeError("first")], ids=["good-end", "error"])
def test_the_first_end_counts(first: Exception | None):
    async def main() -> Any:
        stream = EventStream[str](8)
        stream.end(first)
        stream.end(ValueError("second"))
        stream.end()
        return await read_all(stream)

    case = f"ended with {first!r}, then with a ValueError, then well"
    expect_equal(play(main(), case), ([], first), asked="there is one end: the first", case=case)


@pytest.mark.task("15.1")
def test_an_end_behind_a_cut_changes_nothing():
    async def main() -> Any:
        stream = EventStream[int](1)
        stream.put(0)
        stream.put(1)
        stream.end()
        return await read_all(stream)

    case = "bound 1, two events, then a good end"
    events, error = play(main(), case)
    expect_equal((events, type(error)), ([0], TooSlow), asked="a reader who was cut off is told so", case=case)


@pytest.mark.task("15.1")
@pytest.mark.parametrize("error", [None, RuntimeError("no engine")], ids=["good-end", "error"])
def test_an_end_wakes_who_waits(error: Exception | None):
    async def main() -> Any:
        stream = EventStream[str](8)
        reading = asyncio.create_task(read_all(stream))
        await asyncio.sleep(2)
        stream.end(error)
        return await reading, now()

    case = f"a reader waits; at 2 s the stream ends with {error!r}"
    expect_equal(play(main(), case), (([], error), 2.0), asked="the reader is told at once", case=case)


@pytest.mark.task("15.1")
@pytest.mark.parametrize("first", ["put", "cancel"])
def test_who_gives_up_waiting_has_lost_no_event(first: str):
    async def main() -> Any:
        stream = EventStream[str](8)
        reading = asyncio.create_task(anext(stream))
        await turns()
        if first == "put":
            stream.put("a")
        reading.cancel()
        stream.put("b")
        gone = await outcome(reading)
        stream.end()
        return type(gone), (await read_all(stream))[0]

    case = f"a reader waits, and in one turn of the loop: {'a is put, ' if first == 'put' else ''}it gives up, b is put"
    gone, events = play(main(), case)
    wanted = ["a", "b"] if first == "put" else ["b"]
    if gone is str:  # it had the event before it could be cancelled
        wanted = wanted[1:]
    expect_equal(events, wanted, asked="the next reader gets all that is unread", case=case)


@pytest.mark.task("15.1")
@settings(max_examples=40)
@given(bound=st.integers(1, 4), moves=st.lists(st.sampled_from(["put", "put", "read", "end"]), max_size=30))
def test_a_stream_is_a_bounded_queue_with_one_end(bound: int, moves: list[str]):
    case = f"bound {bound}, {', '.join(moves) or 'nothing'}"

    async def main() -> None:
        stream, model, put, end = EventStream[int](bound), list[int](), 0, ""
        for move in moves:
            if move == "put":
                if not end and len(model) == bound:
                    end = "TooSlow"
                expect_equal(stream.put(put), not end, asked="whether the reader can get it", case=case)
                model += [] if end else [put]
                put += 1
            elif move == "end":
                stream.end()
                end = end or "StopAsyncIteration"
            elif model or end:
                got = await outcome(anext(stream))
                wanted: Any = model.pop(0) if model else end
                shown = got if isinstance(got, int) else type(got).__name__
                expect_equal(shown, wanted, asked="what a read gives", case=case)

    play(main(), case)


# Task 15.2


class Asleep(BaseException):
    """The thread would sleep until a message comes."""


class Inbox:
    """An inbox that ends a test when the thread would sleep, and that minds being looked at again and again."""

    def __init__(self, engine: "StandIn") -> None:
        self._engine, self._messages, self._looks = engine, list[Any](), 0
        self.thread: Any = None
        self.busy: list[Any] = []  # what busy_since was while the thread slept

    def put(self, message: Any) -> None:
        self._messages.append(message)

    def empty(self) -> bool:
        self._looked()
        return not self._messages

    def qsize(self) -> int:
        self._looked()
        return len(self._messages)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if self._messages:
            self._looks = 0
            return self._messages.pop(0)
        if not block:
            self._looked()
            raise Empty
        asked = "an idle thread sleeps until a message comes; a busy one waits for none"
        if self._engine.has_work:
            raise Mismatch(asked, "the inbox is empty, and the engine has work", "it waits for a message", "a step")
        if timeout is not None:
            waits = f"it waits for at most {timeout} s, and would look again"
            raise Mismatch(asked, "the inbox is empty, and the engine idle", waits, "a `get` without a time")
        self.busy.append(self.thread.busy_since)
        raise Asleep

    def _looked(self) -> None:
        self._looks += 1
        if self._looks > 50 and not self._messages and not self._engine.has_work:
            raise Mismatch(
                "an idle thread sleeps until a message comes",
                "the inbox is empty, and the engine idle",
                "it looks again and again",
                "a `get` that waits",
            )


class StandIn:
    """An engine whose requests want as many steps as the number behind the dash of their names: a-3 wants three."""

    def __init__(self, during: Callable[[int], None] = lambda number: None) -> None:
        self.log: list[str] = []
        self.left: dict[str, int] = {}
        self.during, self.count = during, 0
        self.refusals: dict[str, Exception] = {}

    @property
    def has_work(self) -> bool:
        return bool(self.left)

    def add_request(self, request: Request) -> None:
        self.log.append(f"add {request.id}")
        if request.id in self.refusals:
            raise self.refusals[request.id]
        self.left[request.id] = int(request.id.rpartition("-")[2])

    def abort(self, request_id: str) -> None:
        self.log.append(f"abort {request_id}")
        if request_id not in self.left:
            raise ValueError(f"no request {request_id!r} waits or runs")
        del self.left[request_id]

    def step(self) -> list[Any]:
        self.count += 1
        self.log.append("step")
        self.during(self.count)
        events: list[Any] = []
        for name in list(self.left):
            self.left[name] -= 1
            events.append(token(name, self.count))
            if not self.left[name]:
                del self.left[name]
                events.append(finished(name))
        return events


def serve(engine: StandIn, *messages: Any, into: list[Any] | None = None, **options: Any) -> tuple[Any, list[Any]]:
    """Run a thread's `serve` here and now, until it stops, sleeps or dies. Returns the thread and what it told.

    Sleeping is not told: only what else ends it.
    """
    thread = EngineThread(engine, **options)
    inbox = Inbox(engine)
    thread.inbox, inbox.thread = inbox, thread
    reports: list[Any] = [] if into is None else into
    for message in messages:
        thread.send(message)
    try:
        thread.serve(reports.append)
    except Asleep:
        return thread, reports
    except (SystemExit, KeyboardInterrupt) as error:
        case = f"the engine's step, or what hears of it, raises {error!r}"
        raise Mismatch("whatever ends the thread is told", case, f"{error!r} ends the thread", "Died") from error
    if reports and isinstance(reports[-1], Died):
        if isinstance(reports[-1].error, Asleep):
            reports.pop()
        elif isinstance(reports[-1].error, Mismatch | NotImplementedError):
            raise reports[-1].error
    return thread, reports


def told(reports: Sequence[Any]) -> list[str]:
    """Reports in short."""
    words = []
    for report in reports:
        if isinstance(report, Answered):
            words.append(f"answered {report.request_id}{'' if report.error is None else f': {report.error!r}'}")
        elif isinstance(report, Stepped):
            words.append(f"stepped, {len(report.events)} events")
        else:
            words.append(f"died: {report.error!r}")
    return words


@pytest.mark.task("15.2")
def test_messages_are_carried_out_in_order_and_before_the_step():
    engine = StandIn()
    _, reports = serve(engine, Submit(request("a-2")), Submit(request("b-1")), Cancel("a-2"))
    case = "in the inbox: submit a-2, submit b-1, cancel a-2"
    expect_equal(engine.log, ["add a-2", "add b-1", "abort a-2", "step"], asked="all of it, in order", case=case)
    wanted = ["answered a-2", "answered b-1", "stepped, 2 events"]
    expect_equal(told(reports), wanted, asked="an answer to each Submit, then the step", case=case)


@pytest.mark.task("15.2")
def test_steps_follow_each_other_while_there_is_work():
    engine = StandIn()
    thread, reports = serve(engine, Submit(request("a-3")))
    case = "one request that wants three steps"
    wanted = ["answered a-3", "stepped, 1 events", "stepped, 1 events", "stepped, 2 events"]
    expect_equal(told(reports), wanted, asked="one Stepped for each step", case=case)
    expect_equal(thread.steps, 3, asked="the steps that have ended", case=case)
    expect_equal(engine.log, ["add a-3", "step", "step", "step"], asked="no step without work", case=case)


@pytest.mark.task("15.2")
def test_an_idle_thread_sleeps():
    engine = StandIn()
    thread, reports = serve(engine)
    case = "nothing in the inbox"
    expect_equal((engine.log, told(reports)), ([], []), asked="nothing is done, and nothing told", case=case)
    expect_equal(thread.inbox.busy, [None], asked="a thread that waits for a message is not busy", case=case)


@pytest.mark.task("15.2")
def test_a_message_that_makes_no_work_makes_no_step():
    engine = StandIn()
    engine.refusals["a-1"] = QueueFull("full")
    thread, reports = serve(engine, Submit(request("a-1")), Cancel("z-9"))
    case = "a request that the engine refuses, and a cancel of one that it does not know"
    expect_equal(engine.log, ["add a-1", "abort z-9"], asked="the engine has no work: no step", case=case)
    expect_equal(told(reports), ["answered a-1: QueueFull('full')"], asked="the refusal is the answer", case=case)
    expect_equal(thread.inbox.busy, [None], asked="then the thread sleeps", case=case)


@pytest.mark.task("15.2")
@pytest.mark.parametrize(
    "error", [QueueFull("full"), ValueError("too long"), KeyError("b")], ids=lambda e: type(e).__name__
)
def test_a_refusal_harms_nobody_else(error: Exception):
    engine = StandIn()
    engine.refusals["b-1"] = error
    _, reports = serve(engine, Submit(request("a-1")), Submit(request("b-1")), Submit(request("c-1")))
    case = f"three requests; the engine raises {error!r} at the second"
    wanted = ["answered a-1", f"answered b-1: {error!r}", "answered c-1", "stepped, 4 events"]
    expect_equal(told(reports), wanted, asked="it is the answer to that request, and the others are served", case=case)
    expect_true(reports[1].error is error, asked="the very error that the engine raised", case=case)


@pytest.mark.task("15.2")
def test_a_cancel_may_come_too_late():
    engine = StandIn()
    _, reports = serve(engine, Cancel("z-9"), Submit(request("a-1")))
    case = "a cancel of a request that has ended long ago, then a new request"
    wanted = ["answered a-1", "stepped, 2 events"]
    expect_equal(told(reports), wanted, asked="a cancel that comes too late is no error", case=case)


@pytest.mark.task("15.2")
def test_what_comes_during_a_step_is_read_before_the_next():
    reports: list[Any] = []
    holder: list[Any] = []

    def during(number: int) -> None:
        if number == 1:
            for message in (Submit(request("b-1")), Submit(request("c-1")), Cancel("a-5")):
                inbox.put(message)

    engine = StandIn(during)
    thread = EngineThread(engine)
    inbox = Inbox(engine)
    thread.inbox, inbox.thread = inbox, thread
    holder.append(thread)
    thread.send(Submit(request("a-5")))
    with suppress(Asleep):
        thread.serve(reports.append)
    if reports and isinstance(getattr(reports[-1], "error", None), Mismatch):
        raise reports[-1].error
    case = "a-5 runs; during its first step come submit b-1, submit c-1, cancel a-5"
    wanted = ["add a-5", "step", "add b-1", "add c-1", "abort a-5", "step"]
    expect_equal(engine.log, wanted, asked="all three are carried out before the second step", case=case)


@pytest.mark.task("15.2")
def test_stop_ends_the_thread_even_if_there_is_work():
    engine = StandIn()
    _, reports = serve(engine, Submit(request("a-5")), Stop(), Submit(request("b-1")))
    case = "submit a-5, Stop, submit b-1"
    expect_equal(engine.log, ["add a-5"], asked="after Stop nothing is done: no message, no step", case=case)
    expect_equal(told(reports), ["answered a-5"], asked="an end that was wanted is no death", case=case)


@pytest.mark.task("15.2")
def test_stop_is_read_between_two_steps():
    engine = StandIn(lambda number: inbox.put(Stop()) if number == 2 else None)
    thread = EngineThread(engine)
    inbox = Inbox(engine)
    thread.inbox, inbox.thread = inbox, thread
    reports: list[Any] = []
    thread.send(Submit(request("a-5")))
    thread.serve(reports.append)
    case = "a-5 runs; Stop comes during its second step"
    wanted = ["answered a-5", "stepped, 1 events", "stepped, 1 events"]
    expect_equal(told(reports), wanted, asked="the step that runs comes to its end, and is told", case=case)


@pytest.mark.task("15.2")
def test_events_are_annotated_one_by_one_and_heard_before_they_are_told():
    order: list[str] = []

    def annotate(event: Any) -> Any:
        order.append(f"annotate {type(event).__name__}")
        return (event.request_id, type(event).__name__)

    engine = StandIn()
    reports: list[Any] = []
    serve(
        engine,
        Submit(request("a-1")),
        into=reports,
        annotate=annotate,
        on_step=lambda events: order.append(f"heard {list(events)}, {len(reports) - 1} steps told"),
    )
    case = "one request, one step with two events, an `annotate` that makes pairs of them"
    pairs = [("a-1", "TokenEvent"), ("a-1", "FinishedEvent")]
    wanted = ["annotate TokenEvent", "annotate FinishedEvent", f"heard {pairs}, 0 steps told"]
    expect_equal(order, wanted, asked="each event once, in order; on_step hears them before they are told", case=case)
    expect_equal([*reports[-1].events], pairs, asked="what is told are the annotated events", case=case)


@pytest.mark.task("15.2")
def test_a_step_without_events_is_told_too():
    class Silent(StandIn):
        def step(self) -> list[Any]:
            super().step()
            return []

    _, reports = serve(Silent(), Submit(request("a-2")))
    case = "an engine whose two steps report nothing"
    wanted = ["answered a-2", "stepped, 0 events", "stepped, 0 events"]
    expect_equal(told(reports), wanted, asked="one Stepped for each step", case=case)


@pytest.mark.task("15.2")
def test_busy_since_tells_when_the_step_began():
    clock = VirtualClock(100.0)
    seen: list[Any] = []

    def during(number: int) -> None:
        clock.advance(7.0)
        seen.append(thread.busy_since)

    engine = StandIn(during)
    thread = EngineThread(engine, clock=clock)
    inbox = Inbox(engine)
    thread.inbox, inbox.thread = inbox, thread
    reports: list[Any] = []
    before = thread.busy_since
    thread.send(Submit(request("a-2")))
    with suppress(Asleep):
        thread.serve(reports.append)
    case = "two steps of 7 s each, from 100 s on"
    expect_equal(seen, [100.0, 107.0], asked="during a step, the time at which this very step began", case=case)
    expect_equal((before, inbox.busy), (None, [None]), asked="None while it waits for a message", case=case)


@pytest.mark.task("15.2")
@pytest.mark.parametrize(
    "error",
    [RuntimeError("no room"), SystemExit(1), KeyboardInterrupt(), MemoryError()],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.parametrize("where", ["step", "annotate", "on_step"])
def test_whatever_ends_the_thread_is_told(where: str, error: BaseException):
    def broken(*_: Any) -> Any:
        raise error

    engine = StandIn(broken if where == "step" else lambda number: None)
    options = {} if where == "step" else {where: broken}
    _, reports = serve(engine, Submit(request("a-2")), Submit(request("b-1")), **options)
    case = f"{where} raises {error!r}"
    expect_equal(
        told(reports),
        ["answered a-2", "answered b-1", f"died: {error!r}"],
        asked="the thread ends, and says why; it does not go quietly",
        case=case,
    )
    expect_equal(engine.count, 1, asked="there is no step after that", case=case)


@pytest.mark.task("15.2")
def test_it_runs_on_a_thread_of_its_own():
    case = "a real thread: one request, then Stop"
    here = EngineThread(StandIn())
    here.send(Stop())
    here.serve(lambda report: None)
    idents: list[int] = []
    engine = StandIn(lambda number: idents.append(get_ident()))
    thread = EngineThread(engine)
    reports: Queue[Any] = Queue()
    thread.start(reports.put)
    got = []
    thread.send(Submit(request("a-1")))
    with suppress(Empty):
        got = [reports.get(timeout=5), reports.get(timeout=5)]
    alive = thread.is_alive
    thread.send(Stop())
    assert thread._thread is not None
    thread._thread.join(5)
    expect_equal(told(got), ["answered a-1", "stepped, 2 events"], asked="it is served, and told", case=case)
    expect_true(
        idents and get_ident() not in idents, asked="the engine steps on the thread, not on the caller's", case=case
    )
    expect_equal((alive, thread.is_alive), (True, False), asked="it lives until Stop", case=case)


# Task 15.3


class Worker:
    """An engine's thread that does what a test tells it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.busy_since: float | None = None
        self.steps = 0
        self.is_alive = False
        self.tell: Callable[[Any], None] = lambda report: None

    def start(self, tell: Callable[[Any], None]) -> None:
        self.tell, self.is_alive = tell, True

    def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def said(self) -> list[str]:
        """What was sent, in short."""
        return [
            f"submit {each.request.id}"
            if isinstance(each, Submit)
            else f"cancel {each.request_id}"
            if isinstance(each, Cancel)
            else "stop"
            for each in self.sent
        ]

    def step(self, *events: Any) -> None:
        self.tell(Stepped(list(events)))


async def bridged(*names: str, bound: int = 8) -> tuple[Any, Any, list[Any]]:
    """A bridge, its worker, and the streams of some requests that were taken."""
    worker = Worker()
    bridge = Bridge(worker, bound=bound)
    bridge.start()
    calls = [asyncio.create_task(bridge.submit(request(name))) for name in names]
    await turns()
    for name in names:
        worker.tell(Answered(name, None))
    return bridge, worker, [await call for call in calls]


@pytest.mark.task("15.3")
def test_submit_waits_for_the_engines_answer():
    async def main() -> Any:
        worker = Worker()
        bridge = Bridge(worker)
        bridge.start()
        call = asyncio.create_task(bridge.submit(request("a")))
        await asyncio.sleep(2)
        before = call.done(), worker.said, bridge.open
        worker.tell(Answered("a", None))
        stream = await call
        return before, type(stream), now(), worker.said

    case = "submit a; the engine takes it after 2 s"
    before, kind, when, said = play(main(), case)
    expect_equal(
        before, (False, ["submit a"], 1), asked="it is sent at once; a request that waits is counted as open", case=case
    )
    expect_equal((kind, when), (EventStream, 2.0), asked="the stream, as soon as the engine has taken it", case=case)
    expect_equal(said, ["submit a"], asked="one message", case=case)


@pytest.mark.task("15.3")
@pytest.mark.parametrize("error", [QueueFull("full"), ValueError("too long")], ids=["full", "too-long"])
def test_a_refusal_is_raised_where_it_was_asked(error: Exception):
    async def main() -> Any:
        bridge, worker, (other,) = await bridged("other")
        call = asyncio.create_task(bridge.submit(request("a")))
        await turns()
        worker.tell(Answered("a", error))
        got = await outcome(call)
        worker.step(token("other", 1), finished("other"))
        events, _ = await read_all(other)
        await bridge.quiet()
        return got is error, bridge.open, len(events)

    case = f"the engine answers with {error!r}; another request runs"
    same, opened, events = play(main(), case)
    expect_equal(same, True, asked="submit raises the very error", case=case)
    expect_equal((opened, events), (0, 2), asked="it is no longer open, and the other is served", case=case)


@pytest.mark.task("15.3")
def test_events_reach_the_stream_of_their_request():
    async def main() -> Any:
        bridge, worker, (a, b) = await bridged("a", "b")
        worker.step(token("b", 1), token("a", 2), PreemptedEvent("a"))
        worker.step(token("a", 3), finished("b"), token("a", 4), finished("a"))
        return await read_all(a), await read_all(b), bridge.open

    case = "two requests, two steps whose events go to one and the other"
    (a, _), (b, _), opened = play(main(), case)
    wanted = [token("a", 2), PreemptedEvent("a"), token("a", 3), token("a", 4), finished("a")]
    expect_equal(a, wanted, asked="a's events, all and in order, its end too", case=case)
    expect_equal(b, [token("b", 1), finished("b")], asked="b's events", case=case)
    expect_equal(opened, 0, asked="a request that has ended is no longer open", case=case)


@pytest.mark.task("15.3")
def test_events_that_come_with_the_answer_are_not_lost():
    async def main() -> Any:
        worker = Worker()
        bridge = Bridge(worker)
        bridge.start()
        call = asyncio.create_task(bridge.submit(request("a")))
        await turns()
        worker.tell(Answered("a", None))
        worker.step(token("a", 1), finished("a"))
        await turns()
        return await read_all(await call)

    case = "the engine takes a request, and ends it in a step, before the caller of submit goes on"
    events, error = play(main(), case)
    expect_equal((events, error), ([token("a", 1), finished("a")], None), asked="its stream has both events", case=case)


@pytest.mark.task("15.3")
def test_events_that_nobody_waits_for_are_dropped():
    async def main() -> Any:
        _, worker, (a,) = await bridged("a")
        worker.step(token("ghost", 1), token("a", 2), finished("ghost"), finished("a"))
        return await read_all(a)

    case = "a step with events of a request that was never submitted, and of one that was"
    events, _ = play(main(), case)
    expect_equal(events, [token("a", 2), finished("a")], asked="the others get theirs all the same", case=case)


@pytest.mark.task("15.3")
def test_cancel_tells_the_engine_and_forgets():
    async def main() -> Any:
        bridge, worker, (a, b) = await bridged("a", "b")
        reading = asyncio.create_task(read_all(a))
        await turns()
        bridge.cancel("a")
        opened = bridge.open
        end = await reading
        worker.step(token("a", 1), token("b", 2), finished("b"))
        return end, opened, await read_all(b), worker.said

    case = "a is cancelled while its reader waits; then a step with events of a and b"
    end, opened, (b, _), said = play(main(), case)
    expect_equal(said[2:], ["cancel a"], asked="the engine is told, at once and once", case=case)
    expect_equal((end, opened), (([], None), 1), asked="its stream ends, and it is no longer open", case=case)
    expect_equal(b, [token("b", 2), finished("b")], asked="b is served", case=case)


@pytest.mark.task("15.3")
def test_cancelling_who_is_not_open_does_nothing():
    async def main() -> Any:
        bridge, worker, _ = await bridged("a", "b")
        worker.step(finished("a"))
        await turns()
        bridge.cancel("a")
        bridge.cancel("never")
        bridge.cancel("b")
        bridge.cancel("b")
        return worker.said[2:], bridge.open

    case = "cancel: one that has ended, one that never was, and one twice"
    expect_equal(play(main(), case), (["cancel b"], 0), asked="one message, for the one that was open", case=case)


@pytest.mark.task("15.3")
def test_a_slow_reader_is_cut_off_and_holds_nobody_up():
    async def main() -> Any:
        bridge, worker, (slow, quick) = await bridged("slow", "quick", bound=3)
        reading = asyncio.create_task(read_all(quick))
        for number in range(6):
            worker.step(token("slow", number), token("quick", number))
            await turns()
        said, opened = worker.said[2:], bridge.open
        worker.step(finished("quick"))
        return await reading, await read_all(slow), said, opened

    case = "bound 3, six steps with a token of both requests; one reader never reads"
    (quick, _), (slow, error), said, opened = play(main(), case)
    expect_equal(len(quick), 7, asked="the other reader gets every event", case=case)
    expect_equal(said, ["cancel slow"], asked="the engine is told once that nobody reads the slow one", case=case)
    expect_equal(opened, 1, asked="the one that was cut off is no longer open", case=case)
    expect_equal(
        (len(slow), type(error)), (3, TooSlow), asked="the slow reader gets what lay there, and TooSlow", case=case
    )


@pytest.mark.task("15.3")
def test_who_is_cut_off_by_its_last_event_is_told_so():
    async def main() -> Any:
        bridge, worker, (slow, other) = await bridged("slow", "other", bound=2)
        worker.step(token("slow", 1), token("slow", 2), finished("slow"), token("other", 3), finished("other"))
        await turns()
        return await read_all(slow), await read_all(other), bridge.open

    case = "bound 2; one step with two tokens of a request and its end, which has no room; and another request's events"
    (slow, error), (other, _), opened = play(main(), case)
    expect_equal(
        (len(slow), type(error)), (2, TooSlow), asked="half an answer does not look like a whole one", case=case
    )
    expect_equal((len(other), opened), (2, 0), asked="the other gets its events; none is open", case=case)


@pytest.mark.task("15.3")
@pytest.mark.parametrize("error", [None, QueueFull("full")], ids=["taken", "refused"])
def test_who_gives_up_in_submit_leaves_nobody_behind(error: Exception | None):
    async def main() -> Any:
        bridge, worker, _ = await bridged()
        call = asyncio.create_task(bridge.submit(request("a")))
        await turns()
        call.cancel()
        got = await outcome(call)
        said, opened = worker.said, bridge.open
        worker.tell(Answered("a", error))
        worker.step(token("a", 1))
        await turns()
        await bridge.quiet()
        return type(got), said, opened, bridge.open

    case = f"the caller of submit is cancelled; then the engine's answer comes: {error!r}"
    got, said, opened, later = play(main(), case)
    expect_equal(got, asyncio.CancelledError, asked="the caller is cancelled", case=case)
    expect_equal(said, ["submit a", "cancel a"], asked="the engine is told to drop the request", case=case)
    expect_equal((opened, later), (0, 0), asked="and nothing of it is left", case=case)


@pytest.mark.task("15.3")
def test_cancel_ends_a_submit_that_still_waits():
    async def main() -> Any:
        bridge, worker, _ = await bridged()
        call = asyncio.create_task(bridge.submit(request("a")))
        await turns()
        bridge.cancel("a")
        got = await outcome(call)
        worker.tell(Answered("a", None))
        await turns()
        return type(got), worker.said, bridge.open

    case = "a request is cancelled whose submit has no answer yet"
    wanted = (asyncio.CancelledError, ["submit a", "cancel a"], 0)
    expect_equal(play(main(), case), wanted, asked="the call of submit does not wait forever", case=case)


@pytest.mark.task("15.3")
def test_close_leaves_nobody_waiting():
    async def main() -> Any:
        bridge, worker, (a, b) = await bridged("a", "b")
        worker.step(token("a", 1))
        await turns()
        waiting = asyncio.create_task(bridge.submit(request("c")))
        reading = asyncio.create_task(read_all(b))
        await asyncio.sleep(1)
        error = RuntimeError("the end")
        bridge.close(error)
        got = await outcome(waiting), await reading, await read_all(a)
        await bridge.quiet()
        return error, got, now(), worker.said[3:], bridge.down, bridge.open

    case = "a has an event unread, b's reader waits, c's submit waits; the bridge is closed with an error"
    error, (c, b, a), when, said, down, opened = play(main(), case)
    expect_equal(c is error, True, asked="submit raises it", case=case)
    expect_equal(b, ([], error), asked="a reader who waits for an event gets it", case=case)
    expect_equal(a, ([token("a", 1)], error), asked="a reader who has something unread gets it after that", case=case)
    expect_equal((when, opened), (1.0, 0), asked="at once, and none is open", case=case)
    expect_equal(
        (said, down is error), (["stop"], True), asked="the thread is told to stop; `down` says why", case=case
    )


@pytest.mark.task("15.3")
@pytest.mark.parametrize("what", ["closed", "taken", "refused"])
def test_a_submit_may_be_cancelled_in_the_same_moment(what: str):
    async def main() -> Any:
        bridge, worker, _ = await bridged()
        call, other = asyncio.create_task(bridge.submit(request("a"))), asyncio.create_task(bridge.submit(request("b")))
        await turns()
        call.cancel()  # `submit` hears of it only after what comes now
        error = RuntimeError("the end")
        if what == "closed":
            bridge.close(error)
        else:
            worker.tell(Answered("a", None if what == "taken" else error))
            worker.tell(Answered("b", error))
        got = await outcome(call), await outcome(other)
        return type(got[0]), got[1] is error, bridge.open

    case = f"the caller of a is cancelled, and before submit hears of it, a is {what}; b's caller waits too"
    wanted = (asyncio.CancelledError, True, 0)
    expect_equal(play(main(), case), wanted, asked="(what a's call raises, b's the error, open)", case=case)


@pytest.mark.task("15.3")
def test_a_closed_bridge_takes_nobody_and_stays_closed():
    async def main() -> Any:
        bridge, worker, _ = await bridged()
        first = RuntimeError("first")
        bridge.close(first)
        bridge.close(ValueError("second"))
        got = await outcome(bridge.submit(request("a")))
        worker.tell(Answered("a", None))
        worker.step(token("a", 1))
        worker.tell(Died(SystemExit()))
        await turns()
        return got is first, bridge.down is first, worker.said, bridge.open

    case = "closed twice, then submit; and the thread has still something to tell"
    same, down, said, opened = play(main(), case)
    expect_equal((same, down), (True, True), asked="submit raises what the bridge was closed with first", case=case)
    expect_equal((said, opened), (["stop"], 0), asked="the thread hears nothing but one Stop", case=case)


@pytest.mark.task("15.3")
def test_a_thread_that_dies_takes_nobody_with_it_in_silence():
    async def main() -> Any:
        bridge, worker, (a,) = await bridged("a")
        waiting = asyncio.create_task(bridge.submit(request("b")))
        reading = asyncio.create_task(read_all(a))
        await turns()
        worker.tell(Died(MemoryError("no room")))
        got = await outcome(waiting), (await reading)[1]
        return [(type(each), "MemoryError: no room" in str(each)) for each in (*got, bridge.down)]

    case = "a reader and a call of submit wait, and the thread dies of a MemoryError"
    expect_equal(
        play(main(), case), [(EngineDown, True)] * 3, asked="both get EngineDown, and it says of what", case=case
    )


@pytest.mark.task("15.3")
def test_quiet_waits_for_everybody():
    async def main() -> Any:
        bridge, worker, _ = await bridged("a", "b")
        waiting = asyncio.create_task(bridge.submit(request("c")))
        quiet = asyncio.create_task(bridge.quiet())
        seen = []
        for say in (
            lambda: worker.step(finished("a")),
            lambda: bridge.cancel("b"),
            lambda: worker.tell(Answered("c", None)),
            lambda: worker.step(finished("c")),
        ):
            say()
            await turns()
            seen.append(quiet.done())
        await waiting
        return seen

    case = "a and b run, c waits for its answer; a ends, b is cancelled, c is taken, c ends"
    expect_equal(play(main(), case), [False, False, False, True], asked="quiet when the last one has gone", case=case)


@pytest.mark.task("15.3")
def test_it_is_not_quiet_while_somebody_waits_to_be_taken():
    async def main() -> Any:
        bridge, worker, _ = await bridged()
        await bridge.quiet()
        waiting = asyncio.create_task(bridge.submit(request("a")))
        await turns()
        quiet = asyncio.create_task(bridge.quiet())
        await turns()
        before = quiet.done()
        worker.tell(Answered("a", QueueFull("full")))
        await outcome(waiting)
        await quiet
        return before

    case = "only one that waits in submit, and is refused"
    expect_equal(play(main(), case), False, asked="it is quiet only when the answer has come", case=case)


# Task 15.4


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "invalid_request_error"),
        (408, "invalid_request_error"),
        (429, "rate_limit_error"),
        (499, "invalid_request_error"),
        (500, "server_error"),
        (503, "server_error"),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_an_error_has_openais_shape(status: int, kind: str):
    case = f"Refusal({status}, 'no', param='top_k', code='nope') and Refusal({status}, 'no')"
    wanted = {"error": {"message": "no", "type": kind, "param": "top_k", "code": "nope"}}
    expect_equal(Refusal(status, "no", param="top_k", code="nope").body(), wanted, asked="all four fields", case=case)
    wanted = {"error": {"message": "no", "type": kind, "param": None, "code": None}}
    expect_equal(Refusal(status, "no").body(), wanted, asked="what is not known is null, not missing", case=case)


@pytest.mark.task("15.4")
def test_retry_after_is_a_header():
    case = "retry_after 7, and none"
    expect_equal(Refusal(429, "no", retry_after=7).headers, {"Retry-After": "7"}, asked="seconds, as text", case=case)
    expect_equal(Refusal(400, "no").headers, {}, asked="no header where nothing is to be waited for", case=case)


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    ("place", "name"),
    [
        (("model",), "model"),
        (("messages", 0, "role"), "messages[0].role"),
        (("messages", 12, "content", 3, "text"), "messages[12].content[3].text"),
        (("stream_options", "include_usage"), "stream_options.include_usage"),
        (("stop", 0), "stop[0]"),
        ((), None),
    ],
    ids=["top", "in-a-list", "deep", "dotted", "last-is-a-number", "whole-body"],
)
def test_a_field_is_named_as_openai_names_it(place: tuple[str | int, ...], name: str | None):
    expect_equal(field_name(place), name, asked="names joined by dots, numbers in brackets", case=f"place {place}")


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tools": None, "whatever": None},
        {"user": "me", "metadata": {"a": "b"}, "store": True, "prompt_cache_key": "k"},
        {"frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "best_of": 1, "echo": False, "suffix": ""},
        {"response_format": {"type": "text"}, "tools": [], "tool_choice": "auto", "parallel_tool_calls": True},
    ],
    ids=["none", "null", "harmless", "neutral", "neutral-tools"],
)
def test_what_asks_for_nothing_may_pass(fields: dict[str, object]):
    case = f"unknown fields {fields}"
    expect_equal(check_fields(fields), None, asked="nothing is refused that changes nothing", case=case)


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"tools": [{"type": "function"}]}, "tools", "unsupported_parameter"),
        ({"user": "me", "logit_bias": {"5": -100}}, "logit_bias", "unsupported_parameter"),
        ({"frequency_penalty": 0.5}, "frequency_penalty", "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, "response_format", "unsupported_parameter"),
        ({"tool_choice": "required"}, "tool_choice", "unsupported_parameter"),
        ({"best_of": 2, "echo": True}, "best_of", "unsupported_parameter"),
        ({"temprature": 0.5}, "temprature", "unknown_parameter"),
        ({"echo": False, "top_k": 0}, "top_k", "unknown_parameter"),
        ({"min_p": 0.1, "tools": [1]}, "min_p", "unknown_parameter"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_what_would_be_ignored_is_refused_by_name(fields: dict[str, object], param: str, code: str):
    case = f"unknown fields {fields}"
    error = refusal_of(lambda: check_fields(fields), case)
    got = (error.status, error.param, error.code, param in error.message)
    expect_equal(got, (400, param, code, True), asked="status, param, code, and the name in the message", case=case)


def refusal_of(call: Callable[[], object], case: str) -> Any:
    """The Refusal that a call raises."""
    try:
        got = call()
    except Refusal as error:
        return error
    raise Mismatch("it is refused", case, f"no error, and {got!r}", "a Refusal")


@pytest.mark.task("15.4")
@pytest.mark.parametrize(("tokens", "room"), [(1, 2), (99, 100), (5, 100)], ids=["one", "just-fits", "short"])
def test_a_prompt_with_room_for_one_token_passes(tokens: int, room: int):
    case = f"{tokens} tokens, max_seq_len {room}"
    expect_equal(check_length(tokens, room, "prompt"), None, asked="there is room for a new token", case=case)


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    ("tokens", "room"), [(100, 100), (101, 100), (70000, 100)], ids=["no-room", "one-more", "long"]
)
def test_a_prompt_without_room_is_refused(tokens: int, room: int):
    case = f"{tokens} tokens, max_seq_len {room}"
    error = refusal_of(lambda: check_length(tokens, room, "messages"), case)
    got = (error.status, error.param, error.code)
    expect_equal(got, (400, "messages", "context_length_exceeded"), asked="status, param and code", case=case)
    both = str(tokens) in error.message and str(room) in error.message
    expect_true(both, asked="the message says both numbers", case=case, got=error.message)


@pytest.mark.task("15.4")
def test_an_empty_prompt_is_refused():
    error = refusal_of(lambda: check_length(0, 100, "prompt"), "no token at all")
    expect_equal((error.status, error.param), (400, "prompt"), asked="status and param", case="no token at all")


class Promised(QueueFull):
    """What Day 14's promise raises: it knows when there will be room."""

    def __init__(self, seconds: float) -> None:
        super().__init__("not in the time that was promised")
        self.retry_after = seconds


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (QueueFull("9 wait"), 429, "queue_full", 1),
        (Promised(12.2), 429, "queue_full", 13),
        (ShuttingDown("ending"), 503, "shutting_down", 1),
        (EngineDown("dead"), 503, "engine_down", 1),
        (EngineFailed("broke"), 500, "engine_failed", None),
        (TooSlow("slow"), 408, "too_slow", None),
        (ValueError("bad seed"), 400, None, None),
    ],
    ids=["full", "promised", "ending", "down", "failed", "slow", "value"],
)
def test_each_error_has_its_status(error: Exception, status: int, code: str | None, retry: int | None):
    got = as_refusal(error)
    case = repr(error)
    expect_equal(
        (got.status, got.code, got.retry_after), (status, code, retry), asked="status, code, retry_after", case=case
    )
    expect_equal(got.message, str(error), asked="the message says what the error says", case=case)


@pytest.mark.task("15.4")
def test_a_refusal_stays_as_it_is():
    error = Refusal(418, "a teapot", param="pot", code="short", retry_after=3)
    expect_true(as_refusal(error) is error, asked="a Refusal is itself", case="Refusal(418, ...)")


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    "error",
    [KeyError("secret"), RuntimeError("secret"), OSError("secret"), SystemExit("secret")],
    ids=lambda e: type(e).__name__,
)
def test_what_broke_inside_is_not_told_to_strangers(error: BaseException):
    got = as_refusal(error)
    case = repr(error)
    expect_equal((got.status, got.code), (500, "internal_error"), asked="status and code", case=case)
    hidden = "secret" not in str(got.body()) and got.message.strip() != ""
    expect_true(hidden, asked="its text is not in the message", case=case, got=got.message)


@pytest.mark.task("15.4")
@pytest.mark.parametrize(
    ("seconds", "wait"),
    [
        (None, 1),
        (math.nan, 1),
        (0.0, 1),
        (-5.0, 1),
        (0.2, 1),
        (1.0, 1),
        (1.01, 2),
        (12.0, 12),
        (3599.5, 3600),
        (3600.0, 3600),
        (3601.0, 3600),
        (math.inf, 3600),
    ],
    ids=lambda value: str(value),
)
def test_a_time_to_wait_is_whole_seconds(seconds: float | None, wait: int):
    got = wait_time(seconds)
    case = f"{seconds} seconds"
    expect_equal((got, type(got)), (wait, int), asked="rounded up, from 1 to 3600", case=case)


# Task 15.5


class StandInBridge:
    """A bridge that does what a test tells it."""

    def __init__(self, log: list[str], number: int) -> None:
        self.worker = Worker()
        self.log, self.number = log, number
        self.down: Exception | None = None
        self.closed: list[Exception] = []
        self._quiet = asyncio.Event()
        self._quiet.set()

    def start(self) -> None:
        self.log.append(f"start {self.number}")
        self.worker.is_alive = True

    def close(self, error: Exception) -> None:
        self.log.append(f"close {self.number}")
        self.closed.append(error)
        self.down = self.down or error
        self._quiet.set()

    async def submit(self, request: Request) -> Any:
        if self.down is not None:
            raise self.down
        return f"stream of {self.number}"

    def cancel(self, request_id: str) -> None:
        self.log.append(f"cancel {request_id} at {self.number}")

    async def quiet(self) -> None:
        await self._quiet.wait()

    def open_for(self, seconds: float) -> None:
        """A request is served for that long."""
        self._quiet.clear()
        asyncio.get_running_loop().call_later(seconds, self._quiet.set)


class Hospital:
    """A life, its clock, and the bridges that it has had."""

    def __init__(self, broken: Sequence[int] = (), **options: Any) -> None:
        self.log: list[str] = []
        self.bridges: list[StandInBridge] = []
        self.made = 0
        self.clock = VirtualClock(50.0)
        self._broken = broken
        self.life = Life(self.make, clock=self.clock, **{"stuck_after": 10.0, **options})
        self.life.start()

    def make(self) -> Any:
        self.made += 1
        self.log.append(f"make {self.made}")
        if self.made in self._broken:
            raise MemoryError("no room for another engine")
        self.bridges.append(StandInBridge(self.log, self.made))
        return self.bridges[-1]

    @property
    def now(self) -> StandInBridge:
        return self.bridges[-1]

    def health(self) -> tuple[bool, str, int]:
        found = self.life.health()
        return found.ok, found.why, found.restarts


def break_thread(hospital: Hospital) -> str:
    hospital.now.worker.is_alive = False
    return "dead"


def break_bridge(hospital: Hospital) -> str:
    hospital.now.down = EngineDown("died of MemoryError")
    return "died of MemoryError"


def break_step(hospital: Hospital) -> str:
    hospital.now.worker.busy_since = hospital.clock.now()
    hospital.clock.advance(10.5)
    return "10.5"


BROKEN = pytest.mark.parametrize("how", [break_thread, break_bridge, break_step], ids=["dead", "down", "stuck"])


@pytest.mark.task("15.5")
def test_a_new_server_is_well():
    async def main() -> Any:
        hospital = Hospital()
        return hospital.health(), hospital.life.problem()

    case = "a bridge that was just started"
    expect_equal(play(main(), case), ((True, "ok", 0), None), asked="(ok, why, restarts), and no problem", case=case)


@pytest.mark.task("15.5")
@BROKEN
def test_health_says_what_is_wrong(how: Callable[[Hospital], str]):
    async def main() -> Any:
        hospital = Hospital()
        word = how(hospital)
        return hospital.health(), hospital.life.problem(), word

    case = f"the engine is broken: {how.__name__}"
    (ok, why, restarts), problem, word = play(main(), case)
    expect_equal((ok, restarts), (False, 0), asked="it is not well", case=case)
    expect_true(word in why and why == problem, asked=f"and says why, with {word!r} in it", case=case, got=repr(why))


@pytest.mark.task("15.5")
@pytest.mark.parametrize(
    ("seconds", "well"), [(9.0, True), (10.0, True), (10.001, False)], ids=["less", "just", "more"]
)
def test_a_step_is_stuck_after_more_than_the_limit(seconds: float, well: bool):
    async def main() -> Any:
        hospital = Hospital()
        hospital.now.worker.busy_since = hospital.clock.now()
        hospital.clock.advance(seconds)
        return hospital.life.problem() is None

    case = f"stuck_after 10 s, a step has been running for {seconds} s"
    expect_equal(play(main(), case), well, asked="whether all is well", case=case)


@pytest.mark.task("15.5")
def test_who_waits_for_work_is_well_however_long():
    async def main() -> Any:
        hospital = Hospital()
        hospital.clock.advance(1e6)
        hospital.life.look()
        return hospital.health(), hospital.log

    case = "nobody has asked anything for eleven days"
    expect_equal(
        play(main(), case), ((True, "ok", 0), ["make 1", "start 1"]), asked="an idle engine does not hang", case=case
    )


@pytest.mark.task("15.5")
@BROKEN
def test_a_broken_engine_is_replaced(how: Callable[[Hospital], str]):
    async def main() -> Any:
        hospital = Hospital()
        word = how(hospital)
        hospital.life.look()
        first = hospital.bridges[0]
        stream = await hospital.life.submit(request("a"))
        hospital.life.cancel("a")
        return hospital.log, first.closed, word, hospital.health(), stream

    case = f"the engine is broken ({how.__name__}), and somebody looks"
    log, closed, word, health, stream = play(main(), case)
    expect_equal(
        log,
        ["make 1", "start 1", "close 1", "make 2", "start 2", "cancel a at 2"],
        asked="the old bridge is closed, then a new one made and started",
        case=case,
    )
    expect_equal([type(each) for each in closed], [EngineDown], asked="callers in it get EngineDown", case=case)
    expect_true(word in str(closed[0]), asked=f"with the problem, {word!r}", case=case, got=str(closed[0]))
    expect_equal((health, stream), ((True, "ok", 1), "stream of 2"), asked="the new one serves", case=case)


@pytest.mark.task("15.5")
def test_looking_at_a_sound_engine_changes_nothing():
    async def main() -> Any:
        hospital = Hospital()
        hospital.now.worker.steps = 7
        for _ in range(5):
            hospital.life.look()
        return hospital.log, hospital.health()

    case = "five looks at an engine that is well"
    expect_equal(play(main(), case), (["make 1", "start 1"], (True, "ok", 0)), asked="nothing happens", case=case)


@pytest.mark.task("15.5")
@pytest.mark.parametrize("most", [0, 1, 3])
def test_engines_that_never_work_are_given_up(most: int):
    async def main() -> Any:
        hospital = Hospital(max_restarts=most)
        for _ in range(6):
            break_thread(hospital)
            hospital.life.look()
        return hospital.made, hospital.health(), await outcome(hospital.life.submit(request("a")))

    case = f"max_restarts {most}; every engine is dead before it has ended a step; six looks"
    made, (ok, why, restarts), got = play(main(), case)
    expect_equal((made, restarts), (1 + most, most), asked="so many tries, and no more", case=case)
    expect_equal(
        (ok, why != "ok", type(got)), (False, True, EngineDown), asked="the problem stays, and is told", case=case
    )


@pytest.mark.task("15.5")
def test_an_engine_that_has_worked_ends_the_row():
    async def main() -> Any:
        hospital = Hospital(max_restarts=1)
        for _ in range(4):
            hospital.now.worker.steps = 3
            hospital.life.look()
            break_thread(hospital)
            hospital.life.look()
        return hospital.made, hospital.health()

    case = "max_restarts 1; four times, an engine is seen to work, and then dies"
    expect_equal(play(main(), case), (5, (True, "ok", 4)), asked="each of them is replaced", case=case)


@pytest.mark.task("15.5")
def test_an_engine_that_is_only_there_does_not_end_the_row():
    async def main() -> Any:
        hospital = Hospital(max_restarts=1)
        for _ in range(4):
            hospital.life.look()
            break_thread(hospital)
            hospital.life.look()
        return hospital.made, hospital.health()[0]

    case = "max_restarts 1; engines are seen to be well, but die without having ended a step"
    expect_equal(play(main(), case), (2, False), asked="one is replaced, and then none", case=case)


@pytest.mark.task("15.5")
def test_a_new_engine_that_cannot_be_made_is_tried_again():
    async def main() -> Any:
        hospital = Hospital(broken=[2], max_restarts=3)
        break_thread(hospital)
        hospital.life.look()
        between = hospital.health(), len(hospital.bridges[0].closed)
        hospital.life.look()
        return between, hospital.health(), hospital.made

    case = "the engine is dead; the first try to make a new one raises MemoryError, the second succeeds"
    ((ok, why, restarts), closed), after, made = play(main(), case)
    expect_equal(
        (ok, why != "ok", restarts), (False, True, 0), asked="after the first look, it is still broken", case=case
    )
    expect_equal(closed, 1, asked="callers in it have been told all the same", case=case)
    expect_equal((after, made), ((True, "ok", 1), 3), asked="after the second, it is well", case=case)


@pytest.mark.task("15.5")
def test_tries_that_fail_are_counted():
    async def main() -> Any:
        hospital = Hospital(broken=range(2, 100), max_restarts=2)
        hospital.now.worker.steps = 5
        break_thread(hospital)
        for _ in range(6):
            hospital.life.look()
        return hospital.made, hospital.health()[0], hospital.health()[2]

    case = "max_restarts 2; the engine had worked and is dead, and no new one can be made; six looks"
    expect_equal(play(main(), case), (3, False, 0), asked="two tries, and no restart", case=case)


@pytest.mark.task("15.5")
def test_watching_finds_it_within_a_second():
    async def main() -> Any:
        hospital = Hospital()
        hospital.life.look()
        watching = asyncio.create_task(hospital.life.watch())
        await asyncio.sleep(100)
        break_thread(hospital)
        await asyncio.sleep(1)
        watching.cancel()
        return hospital.health()

    case = "the thread dies after 100 s"
    expect_equal(play(main(), case), (True, "ok", 1), asked="a second later there is a new one", case=case)


@pytest.mark.task("15.5")
@pytest.mark.parametrize(
    ("seconds", "ends"), [(3.0, 3.0), (0.0, 0.0), (9.0, 5.0)], ids=["in-time", "nobody-there", "too-long"]
)
def test_draining_waits_for_those_who_are_served(seconds: float, ends: float):
    async def main() -> Any:
        hospital = Hospital()
        if seconds:
            hospital.now.open_for(seconds)
        draining = asyncio.create_task(hospital.life.drain(5.0))
        await turns()
        during = hospital.health()[:2], type(await outcome(hospital.life.submit(request("a"))))
        await draining
        return during, now(), [type(each) for each in hospital.now.closed]

    case = f"drain(5), and a request is served for {seconds} s more"
    ((ok, why), refused), when, closed = play(main(), case)
    expect_equal((ok, why != "ok"), (False, True), asked="health says that it ends", case=case)
    expect_equal(refused, ShuttingDown, asked="no new request is taken", case=case)
    expect_equal(
        (when, closed), (ends, [ShuttingDown]), asked="then the rest gets ShuttingDown: (when, what)", case=case
    )


@pytest.mark.task("15.5")
def test_a_second_drain_ends_at_once():
    async def main() -> Any:
        hospital = Hospital()
        hospital.now.open_for(100)
        times = []

        async def drain() -> None:
            await hospital.life.drain(50)
            times.append(now())

        first = asyncio.create_task(drain())
        await asyncio.sleep(2)
        await drain()
        await first
        return times, type(hospital.now.closed[0])

    case = "drain(50) at 0 s, and again at 2 s, while a request is served"
    expect_equal(
        play(main(), case), ([2.0, 2.0], ShuttingDown), asked="both return at 2 s, and all is closed", case=case
    )


@pytest.mark.task("15.5")
@pytest.mark.parametrize("way", ["drain", "end"])
def test_who_is_about_to_end_is_not_replaced(way: str):
    async def main() -> Any:
        hospital = Hospital()
        if way == "drain":
            hospital.now.open_for(100)
            draining = asyncio.create_task(hospital.life.drain(50))
            await turns()
            break_thread(hospital)
            hospital.life.look()
            made = hospital.made
            hospital.life.end()
            await draining
            hospital.life.look()
            return made, hospital.made, hospital.health()[0]
        hospital.life.end()
        hospital.life.look()
        return 1, hospital.made, hospital.health()[0]

    case = f"{way} was called, and the engine is broken or closed; somebody looks"
    expect_equal(play(main(), case), (1, 1, False), asked="no new engine is made for an ending server", case=case)


@pytest.mark.task("15.5")
def test_the_end_closes_the_bridge_that_serves():
    async def main() -> Any:
        hospital = Hospital()
        break_thread(hospital)
        hospital.life.look()
        hospital.life.end()
        return [[type(each) for each in bridge.closed] for bridge in hospital.bridges], type(
            await outcome(hospital.life.submit(request("a")))
        )

    case = "a first engine was replaced; then the end"
    wanted = [[EngineDown], [ShuttingDown]], ShuttingDown
    expect_equal(play(main(), case), wanted, asked="callers in the second get ShuttingDown", case=case)


# Task 15.6


class Stream:
    """Events that come at given times, and then an end: an error, or none."""

    def __init__(self, *events: Any, end: Exception | None = None, at: Sequence[float] = ()) -> None:
        self.events, self.end, self.at = list(events), end, list(at)
        self.taken = 0
        self.started = 0.0

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Any:
        when = self.at[self.taken] if self.taken < len(self.at) else None
        if when is not None:
            await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))
        if self.taken == len(self.events):
            raise self.end or StopAsyncIteration
        self.taken += 1
        return self.events[self.taken - 1]


class Engines:
    """Takes requests, and remembers who was cancelled."""

    def __init__(self, **streams: Any) -> None:
        self.streams, self.submitted, self.cancelled = streams, list[Any](), list[str]()
        self.wait = 0.0

    async def submit(self, request: Request) -> Any:
        self.submitted.append(request)
        await asyncio.sleep(self.wait)
        found = self.streams.get(request.id.rpartition("-")[2], None)
        if isinstance(found, Exception):
            raise found
        return found or Stream()

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)


def spoken(
    name: str, *texts: str, reason: FinishReason = FinishReason.LENGTH, last: str = "", cached: int = 0
) -> list[Any]:
    """The events of an answer."""
    end = Ended(**vars(finished(name, reason, last)), cached_tokens=cached)
    return [*(token(name, ord(text[:1] or " "), text) for text in texts), end]


def answer(*streams: Any, usage: bool = False, scored: bool = False, chat: bool = True) -> tuple[Any, Engines]:
    """An answer from some streams, and the engines that make it."""
    engines = Engines()
    kind = ChatWire if chat else CompletionWire
    wire = kind("id-1", 99, "tiny", ByteTokenizer(), scored, usage)
    requests = [request(f"r-{number}", [7] * 11) for number in range(len(streams))]
    return Answer(engines, wire, requests, streams, usage), engines


@pytest.mark.task("15.6")
def test_tokens_bring_text_and_are_counted():
    choice = Choice()
    got = [choice.take(token("a", 1, "He")), choice.take(token("a", 2, "")), choice.take(token("a", 3, "llo"))]
    case = "tokens with the texts 'He', '' and 'llo'"
    expect_equal([text for text, _ in got], ["He", "", "llo"], asked="what is new with each", case=case)
    expect_equal(
        (choice.text, choice.tokens, choice.finish), ("Hello", 3, None), asked="(text, tokens, finish)", case=case
    )


@pytest.mark.task("15.6")
@pytest.mark.parametrize(
    ("reason", "word"),
    [(FinishReason.EOS, "stop"), (FinishReason.STOP, "stop"), (FinishReason.LENGTH, "length")],
    ids=["eos", "stop", "length"],
)
def test_an_end_has_openais_word_and_may_bring_text(reason: FinishReason, word: str):
    choice = Choice()
    choice.take(token("a", 1, "Hel"))
    text, scores = choice.take(Ended(**vars(finished("a", reason, "lo")), cached_tokens=5))
    case = f"a token 'Hel', then the end, {reason.value}, with the text 'lo' that was held back, 5 cached tokens"
    expect_equal((text, scores), ("lo", []), asked="the text that comes with the end", case=case)
    got = (choice.text, choice.tokens, choice.finish, choice.cached)
    expect_equal(got, ("Hello", 1, word, 5), asked="(text, tokens, finish, cached)", case=case)


@pytest.mark.task("15.6")
@pytest.mark.parametrize("reason", [FinishReason.ERROR, FinishReason.CANCELLED], ids=lambda each: each.value)
def test_a_broken_end_is_an_error(reason: FinishReason):
    event = finished("a", reason, "", "MemoryError: no room")
    case = f"an end by {reason.value}, with the error 'MemoryError: no room'"
    expect_raises(
        EngineFailed,
        lambda: Choice().take(event),
        asked="it says what broke",
        case=case,
        mentions=["MemoryError: no room"],
    )


@pytest.mark.task("15.6")
def test_scores_are_kept_in_order():
    choice = Choice()
    one, two = Score(65, -0.1), Score(66, -0.2, ((66, -0.2),))
    got = [
        choice.take(ScoredToken("a", 65, "", one)),
        choice.take(ScoredToken("a", 66, "AB", two)),
        choice.take(ScoredToken("a", 67, "C", None)),
        choice.take(PreemptedEvent("a")),
        choice.take(finished("a")),
    ]
    case = "two scored tokens, one without a score, a preemption, the end"
    expect_equal(
        got,
        [("", [one]), ("AB", [two]), ("C", []), ("", []), ("", [])],
        asked="text and scores of each event",
        case=case,
    )
    expect_equal((choice.scores, choice.tokens), ([one, two], 3), asked="all scores, and the tokens", case=case)


async def timed(events: AsyncIterator[Any]) -> list[Any]:
    """(number, token, time) of merged events."""
    got = []
    async with aclosing(await begun(events)) as reading:
        async for number, event in reading:
            got.append((number, event.token, now()))
    return got


@pytest.mark.task("15.6")
def test_streams_are_merged_as_their_events_come():
    async def main() -> Any:
        slow = Stream(token("a", 1), token("a", 2), at=[5, 9])
        quick = Stream(token("b", 3), token("b", 4), token("b", 5), at=[1, 2, 6])
        return await timed(merged([slow, quick]))

    case = "stream 0 has events at 5 and 9 s, stream 1 at 1, 2 and 6 s"
    wanted = [(1, 3, 1.0), (1, 4, 2.0), (0, 1, 5.0), (1, 5, 6.0), (0, 2, 9.0)]
    expect_equal(play(main(), case), wanted, asked="each event when it comes: (stream, token, time)", case=case)


@pytest.mark.task("15.6")
@pytest.mark.parametrize("lengths", [[], [0], [3], [0, 2], [4, 1, 3]], ids=str)
def test_nothing_is_lost_or_doubled_by_merging(lengths: list[int]):
    async def main() -> Any:
        streams = [Stream(*(token("x", number) for number in range(length))) for length in lengths]
        got = await timed(merged(streams))
        return [[each[1] for each in got if each[0] == index] for index in range(len(lengths))]

    case = f"streams of {lengths} events, all there at once"
    wanted = [list(range(length)) for length in lengths]
    expect_equal(play(main(), case), wanted, asked="all events of each stream, in order", case=case)


@pytest.mark.task("15.6")
@pytest.mark.parametrize("count", [1, 2])
def test_nobody_reads_ahead_of_the_reader(count: int):
    async def main() -> Any:
        streams = [Stream(*(token("x", number) for number in range(100))) for _ in range(count)]
        reading = await begun(merged(streams))
        for _ in range(3):
            await anext(reading)
        await turns(100)
        taken = [stream.taken for stream in streams]
        await reading.aclose()
        return taken

    case = f"{count} streams of 100 events; the reader takes three, and then none for a long time"
    taken = play(main(), case)
    expect_true(
        sum(taken) <= 3 + count,
        asked="what is not read piles up in the streams, where it is counted",
        case=case,
        got=f"{taken} events were taken from the streams",
        expected=f"at most one more than was read from each: {3 + count}",
    )


@pytest.mark.task("15.6")
@pytest.mark.parametrize("how", ["left", "error", "end"])
def test_merging_leaves_no_task_behind(how: str):
    async def main() -> Any:
        forever = Stream(token("a", 1), token("a", 2), at=[0, FOREVER])
        if how == "end":
            forever = Stream()
        other = Stream(token("b", 3), end=RuntimeError("broke") if how == "error" else None)
        reading = await begun(merged([forever, other]))
        got = await outcome(collect(reading, 2 if how == "left" else 99))
        await turns()
        return type(got).__name__, len(asyncio.all_tasks()), now() < FOREVER

    async def collect(reading: Any, most: int) -> int:
        count = 0
        async with aclosing(reading):
            async for _ in reading:
                count += 1
                if count == most:
                    break
        return count

    case = {
        "left": "the reader leaves while a stream is silent",
        "error": "one stream breaks while another is silent",
        "end": "all streams end",
    }[how]
    kind, tasks, soon = play(main(), case)
    expect_equal(kind, "RuntimeError" if how == "error" else "int", asked="how the loop over it ended", case=case)
    expect_equal((tasks, soon), (1, True), asked="no task waits on for a stream that nobody reads", case=case)


@pytest.mark.task("15.6")
def test_a_whole_answer_has_all_of_its_choices():
    async def main() -> Any:
        first = Stream(*spoken("r-0", "He", "llo", reason=FinishReason.EOS, cached=4), at=[5, 6, 7])
        second = Stream(*spoken("r-1", "By", "", "e", last="!", cached=8), at=[1, 2, 3, 4])
        whole, engines = answer(first, second)
        return await whole.whole(), sorted(set(engines.cancelled))

    case = "two choices; the second ends before the first"
    got, _ = play(main(), case)
    expect_equal(
        [(each["index"], each["message"]["content"], each["finish_reason"]) for each in got["choices"]],
        [(0, "Hello", "stop"), (1, "Bye!", "length")],
        asked="(index, content, finish_reason) of each, in the order of the choices",
        case=case,
    )
    expect_equal(
        (got["object"], got["id"], got["model"]), ("chat.completion", "id-1", "tiny"), asked="its head", case=case
    )
    wanted = {
        "prompt_tokens": 11,
        "completion_tokens": 5,
        "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    expect_equal(got["usage"], wanted, asked="the prompt counts once; all tokens that were made", case=case)


@pytest.mark.task("15.6")
def test_scores_stand_in_a_whole_answer():
    async def main() -> Any:
        events = [
            ScoredToken("r-0", 65, "A", Score(65, -0.5)),
            ScoredToken("r-0", 66, "B", Score(66, -0.25)),
            finished("r-0"),
        ]
        whole, _ = answer(Stream(*events), scored=True)
        return (await whole.whole())["choices"][0]["logprobs"]["content"]

    case = "two tokens with scores"
    got = [(each["token"], each["logprob"]) for each in play(main(), case)]
    expect_equal(got, [("A", -0.5), ("B", -0.25)], asked="each token with its log-probability", case=case)


BREAKS = {
    "too-slow": (lambda: Stream(token("r-1", 1, "a"), end=TooSlow("slow")), TooSlow),
    "down": (lambda: Stream(end=EngineDown("dead")), EngineDown),
    "failed": (lambda: Stream(token("r-1", 1, "a"), finished("r-1", FinishReason.ERROR, "", "oops")), EngineFailed),
    "half": (lambda: Stream(token("r-1", 1, "a")), EngineFailed),
}


@pytest.mark.task("15.6")
@pytest.mark.parametrize("way", ["whole", "chunks"])
@pytest.mark.parametrize("what", BREAKS)
def test_half_an_answer_is_no_answer(what: str, way: str):
    async def main() -> Any:
        make, kind = BREAKS[what]
        silent = Stream(*spoken("r-0", "a", "b"), at=[] if what == "half" else [0, FOREVER])
        broken, engines = answer(silent, make())
        got = await outcome(broken.whole() if way == "whole" else listed(broken.chunks()))
        return type(got), kind, sorted(set(engines.cancelled)), now() < FOREVER

    case = f"two choices; the stream of the second breaks ({what}), taken as {way}"
    got, kind, cancelled, soon = play(main(), case)
    expect_equal(got, kind, asked="the error is raised", case=case)
    expect_equal(
        (cancelled, soon), (["r-0", "r-1"], True), asked="and all are cancelled, the other choice too", case=case
    )


async def listed(chunks: Any) -> list[Any]:
    return [chunk async for chunk in await begun(chunks)]


@pytest.mark.task("15.6")
@pytest.mark.parametrize("way", ["whole", "chunks"])
def test_who_is_cancelled_leaves_nobody_in_the_engine(way: str):
    async def main() -> Any:
        streams = [Stream(token("r", 1, "a"), token("r", 2, "b"), at=[0, FOREVER]) for _ in range(2)]
        left, engines = answer(*streams)
        reading = asyncio.create_task(left.whole() if way == "whole" else listed(left.chunks()))
        await asyncio.sleep(1)
        before = list(engines.cancelled)
        reading.cancel()
        got = await outcome(reading)
        return type(got), before, sorted(set(engines.cancelled)), len(asyncio.all_tasks())

    case = f"an answer of two choices, taken as {way}, whose reader is cancelled on the way"
    got, before, cancelled, tasks = play(main(), case)
    expect_equal((got, before), (asyncio.CancelledError, []), asked="it is cancelled, and none before", case=case)
    expect_equal(
        (cancelled, tasks), (["r-0", "r-1"], 1), asked="all requests are cancelled, no task is left", case=case
    )


@pytest.mark.task("15.6")
def test_a_stream_that_is_closed_leaves_nobody_in_the_engine():
    async def main() -> Any:
        left, engines = answer(Stream(*spoken("r-0", *"abcdef")))
        chunks = await begun(left.chunks())
        for _ in range(3):
            await anext(chunks)
        before = list(engines.cancelled)
        await chunks.aclose()
        return before, sorted(set(engines.cancelled))

    case = "three chunks are read, and then the stream is closed"
    expect_equal(play(main(), case), ([], ["r-0"]), asked="the request is cancelled", case=case)


@pytest.mark.task("15.6")
def test_a_stream_may_be_closed_among_its_openings():
    async def main() -> Any:
        left, engines = answer(*(Stream(*spoken(f"r-{number}", *"abc")) for number in range(2)))
        chunks = await begun(left.chunks())
        await anext(chunks)
        await chunks.aclose()
        return sorted(set(engines.cancelled))

    case = "two choices; the opening of the first is read, and then the stream is closed"
    expect_equal(play(main(), case), ["r-0", "r-1"], asked="both requests are cancelled", case=case)


@pytest.mark.task("15.6")
def test_a_whole_answer_can_be_left_at_its_end():
    async def main() -> Any:
        whole, engines = answer(Stream(*spoken("r-0", "a")))
        got = await whole.whole()
        return got["choices"][0]["message"]["content"], set(engines.cancelled) <= {"r-0"}

    case = "one choice, to its end"
    expect_equal(
        play(main(), case), ("a", True), asked="the answer; cancelling an ended request is harmless", case=case
    )


def plain_chunks(chunks: Sequence[dict[str, Any]]) -> list[Any]:
    """Chunks in short: (index, role or text, finish), or the usage."""
    short: list[Any] = []
    for chunk in chunks:
        for choice in chunk["choices"]:
            delta = choice.get("delta", choice)
            text = delta.get("role") or delta.get("content", delta.get("text", ""))
            short.append((choice["index"], text, choice["finish_reason"]))
        if not chunk["choices"]:
            short.append(chunk["usage"])
    return short


@pytest.mark.task("15.6")
def test_chunks_bring_what_is_new():
    async def main() -> Any:
        chunks, _ = answer(Stream(*spoken("r-0", "He", "", "llo", last="!", reason=FinishReason.STOP)))
        return await listed(chunks.chunks())

    case = "tokens 'He', '' and 'llo', then the end with '!'"
    wanted = [(0, "assistant", None), (0, "He", None), (0, "llo", None), (0, "!", "stop")]
    expect_equal(
        plain_chunks(play(main(), case)), wanted, asked="(index, role or text, finish) of each chunk", case=case
    )


@pytest.mark.task("15.6")
def test_choices_stream_side_by_side():
    async def main() -> Any:
        first = Stream(*spoken("r-0", "a", "b"), at=[1, 4, 5])
        second = Stream(*spoken("r-1", "x", "y"), at=[2, 3, 6])
        chunks, _ = answer(first, second, chat=False)
        return await listed(chunks.chunks())

    case = "two choices whose tokens come in turn, as bare completions"
    wanted = [(0, "a", None), (1, "x", None), (1, "y", None), (0, "b", None), (0, "", "length"), (1, "", "length")]
    expect_equal(plain_chunks(play(main(), case)), wanted, asked="each chunk as it comes, and no opening", case=case)


@pytest.mark.task("15.6")
def test_every_choice_is_opened_before_any_text():
    async def main() -> Any:
        chunks, _ = answer(Stream(*spoken("r-0", "a")), Stream(*spoken("r-1", "x")))
        return plain_chunks(await listed(chunks.chunks()))

    case = "two choices of a chat"
    got = play(main(), case)
    expect_equal(got[:2], [(0, "assistant", None), (1, "assistant", None)], asked="the openings, in order", case=case)
    expect_equal(
        sorted(got[2:], key=str),
        sorted([(0, "a", None), (1, "x", None), (0, "", "length"), (1, "", "length")], key=str),
        asked="then the rest",
        case=case,
    )


@pytest.mark.task("15.6")
def test_a_score_needs_no_text():
    async def main() -> Any:
        events = [
            ScoredToken("r-0", 226, "", Score(226, -1.5)),
            ScoredToken("r-0", 65, "A", Score(65, -0.5)),
            finished("r-0"),
        ]
        chunks, _ = answer(Stream(*events), scored=True, chat=False)
        return [
            each["choices"][0]["logprobs"] and each["choices"][0]["logprobs"]["token_logprobs"]
            for each in await listed(chunks.chunks())
        ]

    case = "a token whose text is not whole yet, and one more, both with scores"
    expect_equal(play(main(), case), [[-1.5], [-0.5], None], asked="no score waits for text, or gets lost", case=case)


@pytest.mark.task("15.6")
def test_the_usage_is_last_if_it_is_wanted():
    async def main() -> Any:
        with_usage, _ = answer(Stream(*spoken("r-0", "a", "b", cached=3)), usage=True)
        without, _ = answer(Stream(*spoken("r-0", "a", "b", cached=3)))
        return plain_chunks(await listed(with_usage.chunks())), plain_chunks(await listed(without.chunks()))

    case = "an answer of two tokens to a prompt of 11, 3 of them cached; with and without include_usage"
    with_usage, without = play(main(), case)
    wanted = {
        "prompt_tokens": 11,
        "completion_tokens": 2,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 3},
    }
    expect_equal(with_usage[-1], wanted, asked="the last chunk has no choice, and the usage", case=case)
    expect_equal((with_usage[:-1], len(without)), (without, 4), asked="all else is the same", case=case)


# Task 15.7


def service(engines: Any = None, **options: Any) -> Service:
    """A service in front of some engines. Names are name1, name2, …; seeds that are not given are 1000."""
    names = iter(f"name{number}" for number in range(1, 100))
    defaults: dict[str, Any] = {"model": "tiny", "max_seq_len": 100, "now": lambda: 1234.9}
    named = {"new_id": lambda: next(names), "new_seed": lambda: 1000}
    return Service(engines or Engines(), ByteTokenizer(), **{**defaults, **named, **options})


def completion(**fields: Any) -> CompletionBody:
    return CompletionBody(**{"model": "tiny", "prompt": "x", **fields})


def chat(**fields: Any) -> ChatBody:
    return ChatBody(**{"model": "tiny", "messages": [{"role": "user", "content": "x"}], **fields})


@pytest.mark.task("15.7")
def test_a_body_becomes_a_request_for_each_choice():
    got = service().requests(
        chat(n=3, max_tokens=9, temperature=0.5, top_p=0.8, seed=41, stop=["END", "\n"]), [5, 6], "q"
    )
    case = "n 3, max_tokens 9, temperature 0.5, top_p 0.8, seed 41, two stop strings"
    expect_equal([each.id for each in got], ["q-0", "q-1", "q-2"], asked="their ids", case=case)
    expect_equal([each.sampling.seed for each in got], [41, 42, 43], asked="choice k draws with seed + k", case=case)
    plain = {(tuple(each.prompt), each.max_tokens, each.sampling.temperature, each.sampling.top_p) for each in got}
    expect_equal(
        plain, {((5, 6), 9, 0.5, 0.8)}, asked="(prompt, max_tokens, temperature, top_p), the same for all", case=case
    )
    expect_equal([each.sample_of for each in got], [None, "q-0", "q-0"], asked="samples of the first", case=case)
    expect_equal({each.eos_token_ids for each in got}, {frozenset({257})}, asked="the tokenizer's ends", case=case)
    for each in got:
        play_out(each, b"ab\nc")
        expect_equal(
            (each.text, each.finish_reason), ("ab", FinishReason.STOP), asked="text, and its stop strings", case=case
        )


def play_out(request: Request, tokens: bytes) -> None:
    """Give a request these tokens, until it ends."""
    from tiny_batch.request import RequestState

    request.advance(RequestState.PREFILLING)
    request.advance(RequestState.DECODING)
    for each in tokens:
        if not request.is_finished:
            request.append_token(each)


@pytest.mark.task("15.7")
@pytest.mark.parametrize(
    ("seed", "wanted"),
    [(0, [0, 1]), (-1, [2**64 - 1, 0]), (-(2**63), [2**63, 2**63 + 1]), (None, [1000, 1001])],
    ids=["zero", "minus-one", "lowest", "none"],
)
def test_every_seed_is_one_that_sampling_takes(seed: int | None, wanted: list[int]):
    got = [each.sampling.seed for each in service().requests(chat(n=2, seed=seed), [1], "q")]
    expect_equal(got, wanted, asked="seed + k modulo 2**64; without one, what new_seed gives", case=f"n 2, seed {seed}")


@pytest.mark.task("15.7")
def test_without_a_seed_each_body_draws_its_own():
    seeds = iter([7, 900])
    one = service(new_seed=lambda: next(seeds))
    got = [[each.sampling.seed for each in one.requests(chat(n=2), [1], name)] for name in "ab"]
    expect_equal(got, [[7, 8], [900, 901]], asked="one new seed a body", case="two bodies with n 2 and no seed")


@pytest.mark.task("15.7")
@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (chat(), (1.0, 1.0)),
        (chat(temperature=None, top_p=None), (1.0, 1.0)),
        (chat(temperature=0), (0.0, 1.0)),
        (completion(temperature=0, top_p=0.5), (0.0, 0.5)),
    ],
    ids=["not-given", "null", "zero", "both"],
)
def test_what_is_not_given_is_one(body: Any, wanted: tuple[float, float]):
    (got,) = service().requests(body, [1], "q")
    case = f"temperature {body.temperature}, top_p {body.top_p}"
    expect_equal((got.sampling.temperature, got.sampling.top_p), wanted, asked="(temperature, top_p)", case=case)


@pytest.mark.task("15.7")
@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (chat(), 90),
        (chat(max_tokens=9), 9),
        (chat(max_completion_tokens=8), 8),
        (chat(max_tokens=90), 90),
        (chat(max_tokens=91), 90),
        (chat(max_tokens=4000), 90),
        (completion(), 16),
        (completion(max_tokens=None), 90),
    ],
    ids=["chat", "max_tokens", "max_completion_tokens", "all", "one-more", "far-more", "completion", "null"],
)
def test_a_limit_is_at_most_the_room(body: Any, limit: int):
    (got,) = service().requests(body, [1] * 10, "q")
    case = f"limit {body.limit}, a prompt of 10 tokens, max_seq_len 100"
    expect_equal(got.max_tokens, limit, asked="what is asked for, but at most the room", case=case)


@pytest.mark.task("15.7")
@pytest.mark.parametrize(
    ("body", "top"),
    [
        (chat(), None),
        (chat(logprobs=True), 0),
        (chat(logprobs=True, top_logprobs=3), 3),
        (completion(logprobs=0), 0),
        (completion(logprobs=5), 5),
    ],
    ids=["none", "own", "top", "completion-own", "completion-top"],
)
def test_log_probabilities_are_asked_for_in_the_sampling(body: Any, top: int | None):
    (got,) = service().requests(body, [1], "q")
    case = f"scored {body.scored}"
    asked = got.sampling.top_logprobs if isinstance(got.sampling, ScoredSampling) else None
    expect_equal(
        asked, top, asked="a ScoredSampling with that many top_logprobs; a plain one where none are wanted", case=case
    )


@pytest.mark.task("15.7")
@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_begin_gives_the_answer(kind: str):
    async def main() -> Any:
        engines = Engines(**{"0": Stream(*spoken("name1-0", "a")), "1": Stream(*spoken("name1-1", "b"))})
        body = (chat if kind == "chat" else completion)(n=2)
        found = await service(engines).begin(body, [1, 2])
        return await found.whole(), [each.id for each in engines.submitted]

    case = f"a {kind} body with n 2"
    got, submitted = play(main(), case)
    expect_equal(submitted, ["name1-0", "name1-1"], asked="both are submitted, under one new name", case=case)
    texts = [each["message"]["content"] if kind == "chat" else each["text"] for each in got["choices"]]
    expect_equal((texts, got["created"], got["model"]), (["a", "b"], 1234, "tiny"), asked="the answer", case=case)


@pytest.mark.task("15.7")
def test_every_body_gets_a_name_of_its_own():
    async def main() -> Any:
        engines = Engines()
        one = service(engines)
        await one.begin(chat(), [1])
        await one.begin(chat(), [1])
        return [each.id for each in engines.submitted]

    case = "the same body twice"
    expect_equal(play(main(), case), ["name1-0", "name2-0"], asked="no id is ever used twice", case=case)


@pytest.mark.task("15.7")
def test_all_are_submitted_before_anybody_is_waited_for():
    async def main() -> Any:
        engines = Engines()
        engines.wait = 1.0
        await service(engines).begin(chat(n=4), [1])
        return now(), [each.id for each in engines.submitted]

    case = "n 4, and the engine takes a second to take each"
    wanted = (1.0, [f"name1-{k}" for k in range(4)])
    expect_equal(play(main(), case), wanted, asked="one second in all, and in order", case=case)


REFUSED = {
    "model": ({"model": "gpt-9", "top_k": 5}, [1] * 200, (404, "model", "model_not_found")),
    "field": ({"top_k": 5}, [1] * 200, (400, "top_k", "unknown_parameter")),
    "long": ({}, [1] * 100, (400, "messages", "context_length_exceeded")),
    "empty": ({}, [], (400, "messages", None)),
}


@pytest.mark.task("15.7")
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_done_is_refused_before_anybody_is_submitted(what: str):
    fields, prompt, wanted = REFUSED[what]

    async def main() -> Any:
        engines, asked = Engines(), list[Any]()

        class Promise:
            def check(self, request: Request) -> None:
                asked.append(request)

        got = await outcome(service(engines, promise=Promise()).begin(chat(**fields), prompt))
        return got, len(engines.submitted), len(asked)

    case = f"a body with {fields}, a prompt of {len(prompt)} tokens, max_seq_len 100"
    got, submitted, asked = play(main(), case)
    shown = (got.status, got.param, got.code) if isinstance(got, Refusal) else got
    expect_equal(shown, wanted, asked="(status, param, code)", case=case)
    expect_equal((submitted, asked), (0, 0), asked="neither the promise nor the engine is asked", case=case)


@pytest.mark.task("15.7")
def test_a_completion_names_its_own_field():
    async def main() -> Any:
        return await outcome(service().begin(completion(), [1] * 500))

    got = play(main(), "a bare completion whose prompt is too long")
    expect_equal(getattr(got, "param", got), "prompt", asked="the field is prompt", case="a bare completion, too long")


@pytest.mark.task("15.7")
def test_a_promise_may_refuse():
    async def main() -> Any:
        engines = Engines()

        class Promise:
            def check(self, request: Request) -> None:
                if request.id.endswith("-2"):
                    raise Promised(8)

        got = await outcome(service(engines, promise=Promise()).begin(chat(n=3), [1]))
        return got, len(engines.submitted)

    case = "n 3, and the promise can't be kept for the third"
    got, submitted = play(main(), case)
    expect_equal((type(got), submitted), (Promised, 0), asked="what it raised, and no request is submitted", case=case)


@pytest.mark.task("15.7")
@pytest.mark.parametrize("which", ["0", "1", "2"])
def test_all_or_none_are_taken(which: str):
    async def main() -> Any:
        error = QueueFull("full")
        engines = Engines(**{which: error})
        engines.wait = 1.0
        got = await outcome(service(engines).begin(chat(n=3), [1]))
        return got is error, sorted(set(engines.cancelled)), len(engines.submitted)

    case = f"n 3, and the engine refuses choice {which}"
    same, cancelled, submitted = play(main(), case)
    expect_equal((same, submitted), (True, 3), asked="the engine's own error is raised", case=case)
    others = [f"name1-{k}" for k in range(3) if str(k) != which]
    expect_true(
        set(others) <= set(cancelled),
        asked="and those that were taken are cancelled",
        case=case,
        got=f"cancelled: {cancelled}",
        expected=f"{others} among them",
    )


@pytest.mark.task("15.7")
def test_who_leaves_while_waiting_to_be_taken_leaves_nobody_behind():
    async def main() -> Any:
        engines = Engines()
        engines.wait = 5.0
        call = asyncio.create_task(service(engines).begin(chat(n=2), [1]))
        await asyncio.sleep(1)
        call.cancel()
        got = await outcome(call)
        await turns()
        return type(got), sorted(set(engines.cancelled)), now()

    case = "n 2; the caller is cancelled after a second, while the engine has not answered"
    wanted = (asyncio.CancelledError, ["name1-0", "name1-1"], 1.0)
    expect_equal(play(main(), case), wanted, asked="both are cancelled", case=case)


@pytest.mark.task("15.7")
def test_usage_in_a_stream_is_asked_for():
    async def main() -> Any:
        got = []
        for options in (None, {"include_usage": False}, {"include_usage": True}):
            engines = Engines(**{"0": Stream(*spoken("name1-0", "a"))})
            found = await service(engines).begin(chat(stream=True, stream_options=options), [1])
            chunks = await listed(found.chunks())
            got.append((bool(chunks[-1]["choices"]), "usage" in chunks[0]))
        return got

    case = "stream_options: none, include_usage false, include_usage true"
    wanted = [(True, False), (True, False), (False, True)]
    expect_equal(play(main(), case), wanted, asked="(the last chunk has a choice, chunks have a usage)", case=case)
