"""The exam of Days 5 to 8."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.first_days import draw_prompts, draw_tokens
from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _caches(random: Random) -> Case:
    return {
        "seed": random.randrange(10**6),
        "pieces": [random.randint(1, 40) for _ in range(4)],
        "slots": random.sample(range(4), 3),
    }


def _numbers(seed: int, *shape: int) -> Any:
    import mlx.core as mx

    return mx.random.randint(0, 1000, shape, key=mx.random.key(seed)).astype(mx.float32)


def _filled(seed: int, pieces: list[int]) -> Any:
    cache = load("kv_cache").TinyKvCache()
    for number, piece in enumerate(pieces):
        last = cache.update_and_fetch(_numbers(seed + number, 1, 2, piece, 3), _numbers(seed - number, 1, 2, piece, 3))
    return cache, last


@sheet("5.1", _caches)
def _one_cache(case: Case) -> Any:
    cache, (keys, values) = _filled(case["seed"], case["pieces"])
    return [keys, values, cache.offset]


def _batched(case: Case) -> Any:
    cache = load("kv_cache").BatchingKvCache(4, 200)
    for slot, piece in zip(case["slots"], case["pieces"], strict=False):
        cache.add_request(_filled(case["seed"] + slot, [piece])[0], slot)
    return cache


@sheet("5.2", _caches)
def _come_and_go(case: Case) -> Any:
    cache = _batched(case)
    cache.remove_request(case["slots"][0])
    return [cache.offsets, [cache.keys[slot, :, : cache.offsets[slot]] for slot in cache.live]]


@sheet("5.3", _caches)
def _all_further(case: Case) -> Any:
    cache = _batched(case)
    keys, values = cache.update_and_fetch(
        _numbers(case["seed"] + 9, 4, 2, 2, 3), _numbers(case["seed"] + 8, 4, 2, 2, 3)
    )
    return [
        cache.offsets,
        [[keys[slot, :, : cache.offsets[slot]], values[slot, :, : cache.offsets[slot]]] for slot in cache.live],
    ]


def _places(random: Random) -> Case:
    offsets = [random.choice([None, random.randint(0, 6)]) for _ in range(4)]
    calls = [[random.choice(["in", "in", "out"]), random.choice("abcdef")] for _ in range(20)]
    return {
        "offsets": offsets,
        "calls": calls,
        "n": random.randint(1, 4),
        "slots": random.randint(1, 4),
        "offset": random.randint(0, 6),
    }


@sheet("6.1", _places)
def _slots(case: Case) -> Any:
    manager, found = load("slots").SlotManager(case["slots"]), list[Any]()
    for way, name in case["calls"]:
        try:
            found.append(manager.allocate_slot(name) if way == "in" else manager.free_slot(name))
        except ValueError:
            found.append("refused")
        found.append([manager.num_free, sorted(manager.slot_of.items())])
    return found


@sheet("6.2", _places)
def _masks(case: Case) -> Any:
    masks = load("masks")
    return [masks.causal_mask(case["n"], case["offset"]), masks.create_batch_mask(case["offsets"], case["n"], 11)]


def _reading(random: Random) -> Case:
    size = random.randint(2, 40)
    seconds = {str(each): random.uniform(0.01, 0.02) * each for each in random.sample(range(4, 300), 6)}
    return {
        "prompt": draw_tokens(random, size),
        "done": random.randrange(size),
        "step": random.randint(1, 12),
        "seconds": seconds,
        "gap": random.uniform(1, 4),
        "tokens": random.randint(50, 3000),
    }


@sheet("8.1", _reading)
def _chunk(case: Case) -> Any:
    request = load("request").Request("held out", case["prompt"], 4)
    request.num_computed_tokens = case["done"]
    return [load("chunked_prefill").next_chunk(request, case["step"]), request.num_computed_tokens]


@sheet("8.4", _reading)
def _chunk_size(case: Case) -> Any:
    seconds = {int(size): each for size, each in case["seconds"].items()}
    return load("chunked_prefill").choose_chunk_size(seconds, 0.03, case["tokens"], case["gap"])


def _answered(case: Case, module: str, kind: str) -> Any:
    """Each request's tokens, however they are batched: the sampler is greedy, so they are those of serving alone."""
    from tiny_batch_kit.model.tiny import tiny_random

    batcher = getattr(load(module), kind)(
        tiny_random(seed=case["n"]), batch_size=case["n"], max_seq_len=64, prefill_step=4
    )
    requests = [load("request").Request(f"r{n}", prompt, 1 + n) for n, prompt in enumerate(case["prompts"])]
    for request in requests:
        batcher.submit(request)
    for _ in range(100):
        if not batcher.has_work:
            break
        batcher.step()
    return [[request.tokens, request.finish_reason] for request in requests]


@sheet("7.4", lambda random: {**draw_prompts(random), "n": random.randint(1, 4)}, 3)
def _continuous(case: Case) -> Any:
    return _answered(case, "continuous", "ContinuousBatcher")


@sheet("8.3", lambda random: {**draw_prompts(random), "n": random.randint(1, 4)}, 3)
def _chunked(case: Case) -> Any:
    return _answered(case, "chunked_prefill", "ChunkedBatcher")
