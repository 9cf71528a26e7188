"""Talks of several turns, served by the engine with and without a prefix cache, and by mlx-lm with its server's."""

from collections.abc import Callable, Sequence
from typing import Any

from tiny_batch_kit.machine.clocks import ServiceClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving import talks as workloads
from tiny_batch_kit.serving.caching import MakeEngine, serve_talks, with_cache, without_cache
from tiny_batch_kit.serving.talks import Talk, Turns
from tiny_batch_kit.serving.yardsticks import ROWS
from tiny_batch_kit.shows.versus.sides import Outcome, Side, as_mlx_lm

BLOCKS = 1024
WORKLOAD = "4 users, 8 turns"


def trace(checkpoint: Checkpoint) -> list[Talk]:
    """Four users who talk with one assistant, eight turns each."""
    return workloads.chat(checkpoint.model.config.vocab_size)


def engine(make: MakeEngine) -> Callable[[Checkpoint, Sequence[Talk], int], Outcome]:
    """The engine, made by `make`."""

    def serve(checkpoint: Checkpoint, talks: Sequence[Talk], rows: int = ROWS) -> Outcome:
        found = serve_talks("talks", checkpoint, talks, make, rows)
        return Outcome(found.seconds, sum(map(len, found.answers)), found.ttft, [], found.computed)

    return serve


def mlx_lm(checkpoint: Checkpoint, talks: Sequence[Talk], rows: int = ROWS) -> Outcome:
    """mlx-lm's BatchGenerator with the prompt cache of its server: whole caches, found by the longest common prefix."""
    from mlx_lm.generate import BatchGenerator
    from mlx_lm.models.cache import LRUPromptCache

    generator = BatchGenerator(as_mlx_lm(checkpoint.model), completion_batch_size=rows)
    cache: Any = LRUPromptCache()  # as many entries as its server keeps unless told otherwise
    clock, turns = ServiceClock(), Turns(talks)
    owner: dict[int, str] = {}
    times: dict[str, list[float]] = {}
    tokens: dict[str, list[int]] = {}
    arrived: dict[str, float] = {}
    computed, busy = 0, 0.0
    while turns.coming or owner:
        for one in turns.due(clock, idle=not owner):
            started = clock.now()
            with clock.working():
                found, rest = cache.fetch_nearest_cache("model", one.ids)
                (uid,) = generator.insert(
                    [rest], max_tokens=[one.limit], caches=[found], all_tokens=[one.ids[: len(one.ids) - len(rest)]]
                )
            busy += clock.now() - started
            owner[uid], arrived[one.id] = one.id, one.arrival
            times[one.id], tokens[one.id] = [], []
            computed += len(rest) + one.limit - 1
        started = clock.now()
        with clock.working():
            responses = generator.next()[1]  # type: ignore[no-untyped-call]
            for each in responses:
                if each.finish_reason is not None:
                    cache.insert_cache("model", each.all_tokens[:], each.prompt_cache)
        busy += clock.now() - started
        for each in responses:
            name = owner[each.uid]
            times[name].append(clock.now())
            tokens[name].append(each.token)
            if each.finish_reason is not None:
                del owner[each.uid]
                turns.answered(name, tokens[name], clock.now())
    generator.close()  # type: ignore[no-untyped-call]
    first = [times[name][0] - arrived[name] for name in times]
    return Outcome(busy, sum(map(len, tokens.values())), first, [], computed)


TALKING = {
    "engine, prefix cache": Side(engine(with_cache(BLOCKS)), tuned),
    "engine, no cache": Side(engine(without_cache), tuned),
    "mlx-lm, its prompt cache": Side(mlx_lm),
}
