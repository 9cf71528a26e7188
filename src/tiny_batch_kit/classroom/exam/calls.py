"""The exam of Days 3 and 4: callers in virtual time, and requests from the queue to their last character."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.first_days import draw_prompts
from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _callers(random: Random) -> Case:
    times = sorted(random.uniform(0, 0.2) for _ in range(random.randint(3, 14)))
    took = [random.uniform(0.001, 0.05) for _ in times]
    return {
        "times": times,
        "took": took,
        "size": random.randint(1, 5),
        "wait": random.uniform(1, 60),
        "fails": random.randrange(20),
    }


def _gather(case: Case, closing: bool) -> Any:
    from tiny_batch_kit.machine.virtual_time import run_virtual

    dynamic, batches = load("dynamic"), list[Any]()

    async def work() -> Any:
        loop = asyncio.get_running_loop()

        async def run(requests: list[int]) -> list[int]:
            batches.append([round(loop.time(), 6), list(requests)])
            await asyncio.sleep(case["took"][len(batches) % len(case["took"])])
            if case["fails"] in requests:
                raise KeyError("held out")
            return [request * 10 for request in requests]

        batcher = dynamic.DynamicBatcher(run, case["size"], case["wait"])

        async def call(number: int, at: float) -> Any:
            await asyncio.sleep(at)
            try:
                return [number, await batcher.submit(number), round(loop.time(), 6)]
            except KeyError:
                return [number, "failed", round(loop.time(), 6)]
            except dynamic.BatcherClosed:
                return [number, "closed", round(loop.time(), 6)]

        callers = [asyncio.create_task(call(number, at)) for number, at in enumerate(case["times"])]
        if closing:
            await asyncio.sleep(case["times"][len(callers) // 2] + 1e-4)
            await batcher.close()
        answers = await asyncio.gather(*callers)
        if not closing:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        return [answers, batches]

    return run_virtual(work())


@sheet("3.1", _callers, 4)
def _dynamic(case: Case) -> Any:
    return _gather(case, closing=False)


@sheet("3.2", _callers, 4)
def _closed(case: Case) -> Any:
    return _gather(case, closing=True)


@sheet("3.3", draw_prompts)
def _collated(case: Case) -> Any:
    import mlx.core as mx

    collate = load("collate")
    images = collate.collate_images([mx.full((2, len(case["lengths"]), 1), size) for size in case["sizes"]])
    texts = [
        [each.indices, each.tokens, each.mask] for each in collate.collate_texts(case["prompts"], case["sizes"], 7)
    ]
    ragged = collate.collate_sparse([*case["prompts"], [], case["sizes"]])
    return [images, texts, ragged.values, ragged.offsets]


def _life(random: Random) -> Case:
    moves = [random.choice(["waiting", "prefilling", "decoding", "finished"]) for _ in range(5)]
    words = ["".join(random.choices("abc", k=random.randint(1, 3))) for _ in range(12)]
    stop = ["".join(random.choices("abc", k=random.randint(2, 4))) for _ in range(2)]
    return {
        "moves": moves,
        "words": words,
        "stop": stop,
        "times": [random.uniform(0.1, 3) for _ in range(16)],
        "limit": random.randint(2, 11),
    }


def _request(case: Case, **options: Any) -> Any:
    return load("request").Request("held out", [3, 1, 4], case["limit"], **options)


@sheet("4.1", _life)
def _states(case: Case) -> Any:
    module = load("request")
    found: list[Any] = [sorted(each.value for each in module.successors(state)) for state in module.RequestState]
    request = _request(case)
    for move in case["moves"]:
        if move == "finished":
            continue
        try:
            request.advance(module.RequestState(move))
            found.append(request.state.value)
        except module.IllegalTransition:
            found.append("illegal")
    return found


class _Clock:
    def __init__(self, steps: list[float]) -> None:
        self.time, self.steps = 0.0, steps

    def now(self) -> float:
        return self.time


def _lived(case: Case, stop: list[str]) -> Any:
    module = load("request")
    clock = _Clock(case["times"])
    words = case["words"]
    request = _request(case, stop=stop, clock=clock, decode=lambda tokens: "".join(words[token] for token in tokens))
    clock.time += case["times"][0]
    request.advance(module.RequestState.PREFILLING)
    request.advance(module.RequestState.DECODING)
    pieces = []
    for token in range(len(words)):
        if request.is_finished:
            break
        clock.time += case["times"][token + 1]
        pieces.append(request.append_token(token))
    return request, pieces


@sheet("4.2", _life, 10)
def _texts(case: Case) -> Any:
    request, pieces = _lived(case, case["stop"])
    return [pieces, request.text, request.tokens, request.finish_reason]


@sheet("4.3", _life)
def _times(case: Case) -> Any:
    request, _ = _lived(case, [])
    return [request.queue_time, request.ttft, request.tpot, request.worst_gap, request.latency]


def _rows(random: Random) -> Case:
    rows = [[random.gauss(0, 3) for _ in range(20)] for _ in range(5)]
    params = [
        {
            "temperature": random.choice([0.0, 0.7, 1.3]),
            "top_k": random.choice([0, 3, 8]),
            "top_p": random.choice([1.0, 0.83]),
            "seed": random.randrange(99),
        }
        for _ in rows
    ]
    return {"rows": rows, "params": params, "positions": [random.randrange(500) for _ in rows]}


@sheet("4.4", _rows)
def _sampled(case: Case) -> Any:
    import mlx.core as mx

    sampling = load("sampling")
    params = [sampling.SamplingParams(**each) for each in case["params"]]
    rows, positions = mx.array(case["rows"]), case["positions"]
    got = sampling.sample_batch(rows, params, positions).tolist()
    alone = [sampling.sample_batch(rows[n : n + 1], params[n : n + 1], positions[n : n + 1]).item() for n in range(5)]
    found = list[Any]()
    for row, token, one in zip(case["rows"], got, case["params"], strict=True):
        likelier = sum(each > row[token] for each in row)  # which token a draw falls on is the student's, in this range
        found.append(likelier if one["temperature"] == 0 else one["top_k"] == 0 or likelier < one["top_k"])
    return [got == alone, found, sampling.sample_batch(rows, params, positions).tolist() == got]
