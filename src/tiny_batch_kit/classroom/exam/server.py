"""The exam of Day 15: streams, the bridge, a life, answers and refusals, all without a socket."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _stream(random: Random) -> Case:
    return {"moves": [random.choice(["put", "put", "next"]) for _ in range(30)], "bound": random.randint(1, 5)}


@sheet("15.1", _stream)
def _streamed(case: Case) -> Any:
    import asyncio

    stream_module = load("stream")

    async def work() -> Any:
        stream, found = stream_module.EventStream(case["bound"]), list[Any]()
        waiting = 0
        for number, move in enumerate(case["moves"]):
            if move == "put":
                taken = stream.put(number)
                found.append(bool(taken))
                waiting += bool(taken)
                if not taken:
                    break
            elif waiting:
                found.append(await stream.__anext__())
                waiting -= 1
        return found

    return asyncio.run(work())


def _waits(random: Random) -> Case:
    return {
        "seconds": [random.choice([None, random.uniform(0, 90)]) for _ in range(5)],
        "tokens": random.randint(1, 60),
        "most": random.randint(20, 40),
        "status": random.choice([400, 429, 503]),
    }


@sheet("15.4", _waits)
def _refused(case: Case) -> Any:
    refusals = load("refusals")
    refusal = refusals.Refusal(case["status"], "held out", param="prompt", retry_after=case["tokens"])
    try:
        refusals.check_length(case["tokens"], case["most"], "messages")
        fits = True
    except refusals.Refusal as error:
        fits = error.status
    return [[refusals.wait_time(each) for each in case["seconds"]], refusal.body(), refusal.headers, fits]
