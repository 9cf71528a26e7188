"""The exam of Day 15: the life of a server, in virtual time, with bridges that lead nowhere."""

from __future__ import annotations

import asyncio
from random import Random
from types import SimpleNamespace
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _days(random: Random) -> Case:
    kinds = ["dies", "hangs", "down", "works", "look", "look", "look", "look", "waits", "broken", "mended", "steps"]
    return {
        "moves": [[random.choice(kinds), random.choice([0, 1, 4, 5, 6])] for _ in range(50)],
        "most": random.randint(0, 3),
        "ending": [random.choice(["drain", "drain", "end", "twice"]), random.choice([1, 4]), random.choice([0, 2, 9])],
    }


class _Bridge:
    """A bridge without an engine: what was done to it is in a log."""

    def __init__(self, log: list[Any], number: int) -> None:
        self.log, self.number, self.down, self.still = log, number, None, asyncio.Event()
        self.worker = SimpleNamespace(busy_since=None, steps=0, is_alive=False)

    def start(self) -> None:
        """See Bridge."""
        self.log.append(["start", self.number])
        self.worker.is_alive = True

    def close(self, error: Any) -> None:
        """See Bridge."""
        self.log.append(["close", self.number, type(error).__name__, self.down is None])
        self.down = self.down or error

    async def quiet(self) -> None:
        """See Bridge."""
        await self.still.wait()


@sheet("15.5", _days, 30)
def _lived(case: Case) -> Any:
    from tiny_batch_kit.machine.virtual_time import run_virtual

    return run_virtual(_life(case))


async def _life(case: Case) -> Any:
    log, clock, broken, made = list[Any](), SimpleNamespace(time=3.0), list[bool](), list[Any]()

    def make() -> Any:
        log.append(["make", bool(broken)])
        if broken:
            raise RuntimeError("held out")
        made.append(_Bridge(log, len(made)))
        return made[-1]

    clock.now = lambda: clock.time
    life = load("life").Life(make, stuck_after=5.0, max_restarts=case["most"], clock=clock)
    life.start()

    def look() -> None:
        health, problem = life.health(), life.problem()
        down = life.bridge.down
        said = None if down is None else str(down) in str(problem)
        log.append([health.ok, health.why == (problem or "ok"), health.restarts, problem is None, said])

    for kind, seconds in case["moves"]:
        worker = life.bridge.worker
        if kind == "dies":
            worker.is_alive = False
        elif kind == "down":
            life.bridge.down = life.bridge.down or RuntimeError("held out")
        elif kind in ("hangs", "works"):
            worker.busy_since = clock.time if kind == "hangs" else None
        elif kind == "steps":
            worker.steps += 1
        elif kind in ("broken", "mended"):
            broken[:] = [True] if kind == "broken" else []
        elif kind == "look":
            life.look()
        clock.time += seconds
        look()
    await _end(case, life, log)
    look()
    life.bridge.worker.is_alive = False
    life.look()
    try:
        await life.submit(load("request").Request("late", [1], 1))
    except RuntimeError as error:
        log.append(type(error).__name__)
    return log


async def _end(case: Case, life: Any, log: list[Any]) -> None:
    """End it, one way or another, and note when it had ended."""
    way, patience, open_for = case["ending"]
    loop = asyncio.get_running_loop()
    began = loop.time()
    loop.call_later(open_for, life.bridge.still.set)
    if way == "end":
        life.end()
        life.end()
        return
    drains = [asyncio.create_task(life.drain(patience))]
    if way == "twice":
        await asyncio.sleep(0.5)
        log.append([life.health().ok, life.bridge.down is None])
        drains.append(asyncio.create_task(life.drain(patience)))
    for drain in drains:
        await drain
        log.append(round(loop.time() - began, 3))
