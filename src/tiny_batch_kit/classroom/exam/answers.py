"""The exam of Day 15, towards HTTP: from events to an answer, and from a body to requests."""

from __future__ import annotations

import asyncio
from random import Random
from types import SimpleNamespace
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _spoken(random: Random) -> Case:
    ends = ["EOS", "STOP", "LENGTH", "EOS", "LENGTH", *random.choice([[], ["ERROR", "CANCELLED", "none"]])]
    choices = []
    for _ in range(random.randint(1, 3)):
        at, events = random.uniform(0, 1), list[Any]()
        for _ in range(random.randint(0, 6)):
            at += random.choice([0.01, random.uniform(0.1, 2)])
            score = random.choice([None, None, -random.uniform(0, 5)])
            events.append([at, random.choice(["", "a", "bc"]), score])
        end = [random.choice(ends), random.choice(["", "z"]), random.choice([None, 0, 3])]
        choices.append({"events": events, "end": end, "at": at + random.uniform(0.1, 1)})
    flags = {name: random.random() < 0.5 for name in ("usage", "scored", "chat")}
    return {"choices": choices, "leaves": random.uniform(0, 9), "pause": random.uniform(0.1, 3), **flags}


class _Stream:
    """Some events at their times; it counts how many were taken."""

    def __init__(self, events: list[Any]) -> None:
        self.events, self.taken = events, 0

    def __aiter__(self) -> _Stream:
        return self

    async def __anext__(self) -> Any:
        """See EventStream."""
        if not self.events:
            raise StopAsyncIteration
        await asyncio.sleep(max(0.0, self.events[0][0] - asyncio.get_running_loop().time()))
        self.taken += 1
        return self.events.pop(0)[1]


def _events(choice: Any, name: str) -> list[Any]:
    """[when, event] of a choice."""
    engine, logprobs, reasons, made = load("engine"), load("logprobs"), load("request").FinishReason, list[Any]()
    for number, (at, text, score) in enumerate(choice["events"]):
        event = engine.TokenEvent(name, 65 + number, text)
        if score is not None:
            known = logprobs.Score(65 + number, score, ((65 + number, score), (66, score - 1)))
            event = logprobs.ScoredToken(name, 65 + number, text, known)
        made.append([at, event])
    reason, text, cached = choice["end"]
    if reason != "none":
        given = (name, reasons[reason], text, "held out", 0.0, 0.0, None, 1.0)
        event = engine.FinishedEvent(*given) if cached is None else logprobs.Ended(*given, cached_tokens=cached)
        made.append([choice["at"], event])
    return made


def _answer(case: Case, log: list[Any]) -> tuple[Any, list[Any]]:
    from tiny_batch_kit.model.tokenizer import ByteTokenizer
    from tiny_batch_kit.server.wire import ChatWire, CompletionWire

    names = [f"r{number}" for number in range(len(case["choices"]))]
    streams = [_Stream(_events(choice, name)) for name, choice in zip(names, case["choices"], strict=True)]
    kind = ChatWire if case["chat"] else CompletionWire
    wire = kind("id", 7, "held out", ByteTokenizer(), case["scored"], case["usage"])
    requests = [load("request").Request(name, [1, 2, 3], 9) for name in names]
    engines = SimpleNamespace(cancel=log.append)
    return load("answers").Answer(engines, wire, requests, streams, case["usage"]), streams


@sheet("15.6", _spoken, 24)
def _answered(case: Case) -> Any:
    from tiny_batch_kit.machine.virtual_time import run_virtual

    choice, taken = load("answers").Choice(), list[Any]()
    for _, event in _events(case["choices"][0], "r0"):
        try:
            text, scores = choice.take(event)
            taken.append([text, [score.logprob for score in scores], choice.finish])
        except RuntimeError as error:
            taken.append([type(error).__name__, "held out" in str(error)])
    taken.append([choice.text, choice.tokens, len(choice.scores), choice.cached])
    return [taken, *[run_virtual(each(case)) for each in (_whole, _in_chunks, _slowly, _cut)]]


async def _whole(case: Case) -> Any:
    log = list[Any]()
    answer, _ = _answer(case, log)
    try:
        said = await answer.whole()
    except RuntimeError as error:
        said = type(error).__name__
    return [said, sorted(set(log)), await _still()]


async def _in_chunks(case: Case) -> Any:
    log, found, loop = list[Any](), list[Any](), asyncio.get_running_loop()
    answer, _ = _answer(case, log)
    try:
        async for chunk in answer.chunks():
            found.append([chunk, round(loop.time(), 4)])
    except RuntimeError as error:
        found.append(type(error).__name__)
    return [found, sorted(set(log)), await _still()]


async def _slowly(case: Case) -> Any:
    """A reader who takes his time: how far is each stream read by then?"""
    found, (_, streams) = list[Any](), _answer(case, [])
    given = [0] * len(streams)
    async for index, _ in load("answers").merged(streams):
        given[index] += 1
        await asyncio.sleep(case["pause"])
        ahead = [stream.taken - count for stream, count in zip(streams, given, strict=True)]
        found.append(max(ahead) <= 1)
    return [found, given, await _still()]


async def _cut(case: Case) -> Any:
    """A caller who leaves in the middle."""
    log, found = list[Any](), list[Any]()
    for way in ("whole", "chunks"):
        answer, _ = _answer(case, log)

        async def listen(answer: Any = answer, way: str = way) -> None:
            if way == "whole":
                await answer.whole()
            else:
                async for _ in answer.chunks():
                    pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(case["leaves"] / 9)
        task.cancel()
        await asyncio.wait({task})
        how = "cancelled" if task.cancelled() else type(task.exception()).__name__
        sudden = any(choice["end"][0] == "none" for choice in case["choices"])  # then it may fail sooner or later
        found.append(["" if sudden else how, sorted(set(log))])
        log.clear()
    answer, _ = _answer(case, log)
    chunks = answer.chunks()
    if case["chat"]:
        await anext(chunks)
        await chunks.aclose()
    return [found, sorted(set(log)), await _still()]


async def _still() -> bool:
    """Whether no task is left, a moment later."""
    await asyncio.sleep(1e-6)
    return len(asyncio.all_tasks()) == 1


def _bodies(random: Random) -> Case:
    body = {
        "model": random.choice(["mine", "mine", "mine", "mine", "mine", "other"]),
        "n": random.choice([None, 1, 2, 3]),
        "seed": random.choice([None, 0, random.randrange(99), 2**63 - 1, -1]),
        "temperature": random.choice([None, 0, 0.7]),
        "top_p": random.choice([None, 0.5]),
        "max_tokens": random.choice([None, 1, 5, 900]),
        "stop": random.choice([None, ["cd"], ["x", "bc"]]),
        "logprobs": random.choice([None, 0, 3]),
    }
    if random.random() < 0.15:
        body["frequency_penalty"] = random.choice([0, 1])
    return {
        "body": body,
        "chat": random.random() < 0.4,
        "prompt": random.choice([0, 1, 17, 29, 39, 40, 17, 20, 8]),
        "late": random.choice([None, None, None, None, 0, 1, 2]),
        "refused": random.choice([None, None, None, 0, 1, 2]),
        "leaves": random.choice([None, None, None, 0.5]),
        "waits": [random.uniform(0.1, 1) for _ in range(3)],
    }


@sheet("15.7", _bodies, 60)
def _begun(case: Case) -> Any:
    from tiny_batch_kit.machine.virtual_time import run_virtual

    return run_virtual(_begin(case))


async def _begin(case: Case) -> Any:
    from tiny_batch_kit.model.tokenizer import ByteTokenizer
    from tiny_batch_kit.server.schemas import ChatBody, CompletionBody

    log, made, fields = list[Any](), list[Any](), dict(case["body"])
    if case["chat"]:
        more = {"logprobs": fields["logprobs"] is not None, "top_logprobs": fields["logprobs"]}
        body: Any = ChatBody.model_validate({"messages": [{"role": "user", "content": "x"}], **fields, **more})
    else:
        body = CompletionBody(prompt="x", **fields)

    async def submit(request: Any) -> Any:
        number = len(made)
        made.append(request)
        log.append(["submit", request.id])
        await asyncio.sleep(case["waits"][number])
        if case["refused"] == number:
            raise load("plan").QueueFull("held out")
        return _Stream([])

    def check(request: Any) -> None:
        log.append(["check", request.id])
        if case["late"] is not None and request.id.endswith(str(case["late"])):
            raise load("plan").QueueFull("late")

    engines = SimpleNamespace(submit=submit, cancel=lambda name: log.append(["cancel", name]))
    options = {"model": "mine", "max_seq_len": 40, "promise": SimpleNamespace(check=check), "now": lambda: 3.0}
    options |= {"new_id": lambda: "new", "new_seed": lambda: 2**64 - 2}
    service = load("server").Service(engines, ByteTokenizer(), **options)
    task = asyncio.create_task(service.begin(body, [3] * case["prompt"]))
    if case["leaves"] is not None:
        await asyncio.sleep(case["leaves"])
        task.cancel()
    await asyncio.wait({task})
    said: Any = "cancelled" if task.cancelled() else type(task.exception()).__name__
    if said == "Refusal":
        refusal: Any = task.exception()
        said = [refusal.status, refusal.param, refusal.code]
    elif said == "NoneType":
        task.result().leave()
    return [said, [each for each in log if each[0] != "cancel"], _left(log), [_asked(each) for each in made]]


def _left(log: list[Any]) -> list[Any]:
    """Which requests are in the engine, and nobody waits for them."""
    return sorted({name for kind, name in log if kind == "submit"} - {name for kind, name in log if kind == "cancel"})


def _asked(request: Any) -> Any:
    """What a request asks for; its stop strings by what they do to an answer."""
    sampling, state = request.sampling, load("request").RequestState
    asked = [request.id, len(request.prompt), request.max_tokens, sorted(request.eos_token_ids), request.sample_of]
    top = getattr(sampling, "top_logprobs", "none")
    asked += [sampling.temperature, sampling.top_k, sampling.top_p, str(sampling.seed), top]
    request.advance(state.PREFILLING)
    request.advance(state.DECODING)
    for token in b"abcdef":
        if not request.is_finished:
            request.append_token(token)
    return [*asked, request.text]
