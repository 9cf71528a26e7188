"""Ways to serve the same requests, each with the code of the day that taught it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import RUN
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.virtual_time import run_virtual
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving.engine import serve_engine
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import Asked, take_due

MAX_WAIT_MS = 500
"""How long the dynamic batcher lets its oldest request wait for company."""

PREFILL_STEP = 128


@dataclass(frozen=True)
class Way:
    """A way to serve: its name, what it does in a few words, the day that builds it, and the function that does it.

    arrange: how it wants the model arranged, before anything is timed.
    """

    name: str
    about: str
    day: int
    serve: Callable[[Run], None]
    arrange: Callable[[Qwen2], Qwen2] = lambda model: model


def one_by_one(run: Run) -> None:
    """Day 2's function with batches of one, first come, first served."""
    for one in run.asked:
        run.clock.advance_to(one.arrival)
        _batch(run, [one])


def static(run: Run) -> None:
    """Day 2: wait until a batch is full (or no more requests will come), and serve it to its end."""
    for start in range(0, len(run.asked), run.slots):
        group = run.asked[start : start + run.slots]
        run.clock.advance_to(group[-1].arrival)
        _batch(run, group)


def dynamic(run: Run) -> None:
    """Day 3: start a batch when it is full, or when its oldest request has waited enough."""
    batcher_class = implementations.load("dynamic").DynamicBatcher

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def machine(group: list[Asked]) -> list[list[int]]:
            run.clock.advance_to(loop.time())
            answers = _batch(run, group)
            await asyncio.sleep(run.clock.now() - loop.time())  # the loop's time is virtual: let it catch up
            return answers

        async def caller(one: Asked) -> None:
            await asyncio.sleep(one.arrival)
            await batcher.submit(one)

        batcher = batcher_class(machine, run.slots, MAX_WAIT_MS)
        await asyncio.gather(*(caller(one) for one in run.asked))
        await batcher.close()

    run_virtual(main())


def continuous(run: Run) -> None:
    """Day 7: requests join and leave at every step."""
    batcher_class = implementations.load("continuous").ContinuousBatcher
    serve_steps(run, lambda **options: batcher_class(run.checkpoint.model, prefill_step=PREFILL_STEP, **options))


def chunked(run: Run, prefill_step: int) -> None:
    """Day 8: the same, and a prompt is read in chunks of so many tokens."""
    batcher_class = implementations.load("chunked_prefill").ChunkedBatcher
    serve_steps(run, lambda **options: batcher_class(run.checkpoint.model, prefill_step=prefill_step, **options))


BATCHING = (
    Way("One by one", "the next request starts when the one before is done", 2, one_by_one),
    Way("Static", "a batch starts when it is full, and ends with its last row", 2, static),
    Way("Dynamic", "a batch starts when it is full or the oldest waited enough", 3, dynamic),
    Way("Continuous", "requests join and leave at every step", 7, continuous),
)
"""From one by one to continuous batching, all on the model as it is given."""

WAYS = (
    *BATCHING,
    Way("Engine", "prompts and answers go through the model in one pass per step", 9, serve_engine, tuned),
)
"""And the engine, which has everything: mixed batches, and the model arranged for the machine."""


def serve_steps(run: Run, make: Callable[..., Any]) -> None:
    """Serve through a batcher that goes step by step, and takes requests between any two steps.

    make: makes the batcher from `max_seq_len`, `batch_size`, `on_token` and `on_step`.
    """
    request_module = implementations.load("request")
    slot_of: dict[str, int] = {}

    def on_token(request: Any, text: str) -> None:
        fresh = request.tokens[-1] if len(request.tokens) > len(run.tokens[request.id]) else None
        run.token(request.id, fresh)
        if request.is_finished:
            run.deliver(request.id)
            run.recorder.finish(request.id, slot_of.get(request.id), str(request.finish_reason.value))

    def on_step(rows: Sequence[Any]) -> None:
        slot_of.update({row.request: row.slot for row in rows if row.request is not None})
        run.recorder.step(rows)
        run.recorder.begin()

    longest = max(len(one.ids) + one.limit for one in run.asked)
    batcher = make(max_seq_len=longest, batch_size=run.slots, on_token=on_token, on_step=on_step)
    arrivals = deque(run.asked)
    while arrivals or batcher.has_work:
        for one in take_due(arrivals, run.clock, idle=not batcher.has_work):
            eos = () if run.eos is None else (run.eos,)
            batcher.submit(request_module.Request(one.id, one.ids, one.limit, eos_token_ids=eos, clock=run.clock))
        run.recorder.begin()
        with run.clock.working():
            batcher.step()
        run.stepped()


def _batch(run: Run, group: Sequence[Asked]) -> list[list[int]]:
    """Serve some requests as one static batch; KitError if it lacks answers."""
    generate = implementations.load("static").static_generate
    record = run.recorder.static_batch(
        [one.id for one in group], prompt_tokens=[len(one.ids) for one in group], eos_token_id=run.eos
    )

    def on_step(sampled: list[int | None]) -> None:
        for one, token in zip(group, sampled, strict=True):
            run.token(one.id, token if token != run.eos else None)
            if token is not None and (token == run.eos or len(run.tokens[one.id]) == one.limit):
                run.done.add(one.id)
        record(sampled)
        run.stepped()

    with run.clock.working():
        limits = [one.limit for one in group]
        result = generate(run.checkpoint.model, [one.ids for one in group], limits, run.eos, on_step)
    tokens = _checked(result, len(group))
    for one in group:
        run.deliver(one.id)
    return tokens


def _checked(result: Any, rows: int) -> list[list[int]]:
    tokens = getattr(result, "tokens", None)
    if not isinstance(tokens, list) or len(tokens) != rows:
        got = f"{len(tokens)} lists" if isinstance(tokens, list) else type(tokens).__name__
        raise KitError(
            f"static_generate was given {rows} prompts, but its result's tokens hold {got}: return one list a prompt. "
            f"`{RUN} test --day 2` shows more."
        )
    return tokens
