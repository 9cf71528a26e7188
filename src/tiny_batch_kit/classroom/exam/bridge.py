"""The exam of Day 15: the event loop's end of the bridge, with a worker that does what it is told."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _calls(random: Random) -> Case:
    kinds = ["submit", "submit", "take", "take", "take", "refuse", "token", "token", "token", "end", "cancel"]
    kinds += ["leave", "read", "token", "two", "two"]
    moves = [[random.choice(kinds), random.randrange(7), random.randint(1, 4)] for _ in range(50)]
    moves.insert(random.randint(20, 50), [random.choice(["close", "died"]), 0, 0])
    return {"moves": moves, "bound": random.randint(1, 4)}


class _Worker:
    """An engine's thread that does what it is told, and notes what is sent."""

    def __init__(self) -> None:
        self.busy_since, self.steps, self.is_alive, self.sent = None, 0, False, list[Any]()
        self.tell: Any = None

    def start(self, tell: Any) -> None:
        """See Worker."""
        self.tell, self.is_alive = tell, True

    def send(self, message: Any) -> None:
        """See Worker."""
        name = getattr(message, "request_id", None) or getattr(getattr(message, "request", None), "id", "")
        self.sent.append([type(message).__name__, name])


def _ended(name: str) -> Any:
    reason = load("request").FinishReason.LENGTH
    return load("engine").FinishedEvent(name, reason, "", None, 0.0, 0.0, None, 1.0)


def _state(call: Any) -> Any:
    """Of a call of `submit`."""
    if not call.done():
        return "waits"
    if call.cancelled():
        return "cancelled"
    return "taken" if call.exception() is None else type(call.exception()).__name__


@sheet("15.3", _calls, 40)
def _bridged(case: Case) -> Any:
    from tiny_batch_kit.machine.virtual_time import run_virtual

    return run_virtual(_bridge(case))


async def _bridge(case: Case) -> Any:
    module, thread, engine = load("bridge"), load("engine_thread"), load("engine")
    worker, found, calls = _Worker(), list[Any](), dict[str, Any]()
    bridge = module.Bridge(worker, bound=case["bound"])
    bridge.start()
    quiet: Any = None
    for number, (kind, which, count) in enumerate(case["moves"]):
        name = list(calls)[-1 - which % len(calls)] if calls else "nobody"
        call, events = calls.get(name), list[Any]()
        if kind == "submit":
            calls[f"r{number}"] = asyncio.create_task(
                bridge.submit(load("request").Request(f"r{number}", [1], 5)),
            )
        elif kind in ("take", "refuse"):
            worker.tell(thread.Answered(name, ValueError("held out") if kind == "refuse" else None))
        elif kind in ("token", "end", "two"):
            events = [engine.TokenEvent(name, place, "") for place in range(count)]
            events += [_ended(name)] if kind == "end" else []
            other = list(calls)[which % len(calls)] if calls else "nobody"
            events += [engine.TokenEvent(other, 7, "")] if kind == "two" else []
            worker.tell(thread.Stepped(events))
        elif kind == "cancel":
            bridge.cancel(name)
        elif kind == "leave" and call is not None:
            call.cancel()
        elif kind == "read" and call is not None and _state(call) == "taken":
            found.append(await _some(call.result()))
        elif kind == "close":
            bridge.close(RuntimeError("first"))
            bridge.close(KeyError("second"))
        elif kind == "died":
            worker.tell(thread.Died(KeyError("held out")))
        quiet = asyncio.create_task(bridge.quiet()) if quiet is None or quiet.done() else quiet
        for _ in range(12):
            await asyncio.sleep(0)
        states = [[each, _state(one)] for each, one in calls.items()]
        found.append([bridge.open, states, quiet.done(), list(worker.sent), type(bridge.down).__name__])
    for each in calls.values():
        if _state(each) == "taken":
            found.append(await _some(each.result()))
        each.cancel()
    quiet.cancel()
    return found


async def _some(stream: Any) -> Any:
    """What lies in a stream, and how it ends, if it has ended."""
    found = list[Any]()
    try:
        while len(found) < 40:
            async with asyncio.timeout(0.01):
                event = await stream.__anext__()
            found.append([type(event).__name__, getattr(event, "token", None)])
    except StopAsyncIteration:
        found.append("end")
    except (RuntimeError, KeyError, TimeoutError) as error:
        found.append(type(error).__name__)
    return found
