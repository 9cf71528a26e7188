"""The exam's forward passes (Days 6 to 9, 11, 12): whether each token has seen what it should, and nothing else.

Floats differ in their last bits between right ways to compute them. So a model's logits are asked for their peaks, and
attention is asked with queries that single out one key.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.first_days import draw_tokens
from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def peaks(logits: Any) -> list[list[int]]:
    """For each row of (n, V) logits, the most likely token of each seventh of the vocabulary."""
    return [[int(row[start::7].argmax().item()) for start in range(7)] for row in logits]


def _reading(random: Random) -> Case:
    return {
        "prompts": [draw_tokens(random, random.choice([1, 4, random.randint(1, 17)])) for _ in range(4)],
        "step": random.choice([1, 2, 4, 16, 30]),
        "seed": random.randrange(99),
        "slots": random.sample(range(5), 4),
        "count": random.randint(1, 4),
        "leaves": random.random() < 0.5,
    }


class _Watched:
    """A model that notes how many rows and tokens each pass has, and how many of them need the vocabulary."""

    def __init__(self, seed: int) -> None:
        from tiny_batch_kit.model.tiny import tiny_random

        self.model = tiny_random(seed=seed)
        self.config, self.dtype = self.model.config, self.model.dtype
        self.passes, self.rows = list[Any](), 0

    def __call__(self, tokens: Any, positions: Any, attend: Any) -> Any:
        self.passes.append(list(tokens.shape))
        return self.model(tokens, positions, attend)

    def logits(self, hidden: Any) -> Any:
        """See Qwen2."""
        self.rows += hidden.size // hidden.shape[-1]
        return self.model.logits(hidden)


@sheet("7.1", _reading, 4)
def _read(case: Case) -> Any:
    model, found = _Watched(case["seed"]), list[Any]()
    for prompt in case["prompts"]:
        caches, logits = load("forward").prefill(model, prompt, case["step"])
        found.append([[cache.offset for cache in caches], peaks(logits[None]), list(logits.shape)])
    return [found, model.passes, model.rows]


def _batch(case: Case, model: Any) -> Any:
    """Caches of every layer, with some prompts in some slots."""
    forward, kv_cache = load("forward"), load("kv_cache")
    caches = [kv_cache.BatchingKvCache(5, 40) for _ in range(model.config.num_layers)]
    for slot, prompt in zip(case["slots"][: case["count"]], case["prompts"], strict=False):
        own, _ = forward.prefill(model, prompt, 40)
        for cache, one in zip(caches, own, strict=True):
            cache.add_request(one, slot)
    return caches


@sheet("7.2", _reading, 6)
def _decoded(case: Case) -> Any:
    model, found = _Watched(case["seed"]), list[Any]()
    caches = _batch(case, model)
    model.rows, model.passes = 0, []
    for turn in range(3):
        if turn == 1 and case["leaves"] and case["count"] > 1:
            for cache in caches:
                cache.remove_request(case["slots"][0])
        newest = [None if offset is None else (7 * slot + turn) for slot, offset in enumerate(caches[0].offsets)]
        logits = load("forward").decode_step(model, newest, caches)
        found.append([peaks(logits), list(logits.shape), [list(cache.offsets) for cache in caches]])
    return [found, len(model.passes), model.rows]


@sheet("8.2", _reading, 6)
def _chunks(case: Case) -> Any:
    chunked, kv_cache, found = load("chunked_prefill"), load("kv_cache"), list[Any]()
    model = _Watched(case["seed"])
    for number, prompt in enumerate(case["prompts"]):
        request = load("request").Request(f"r{number}", prompt, 4)
        caches = [kv_cache.TinyKvCache() for _ in range(model.config.num_layers)]
        step = case["step"]
        while request.num_computed_tokens < len(prompt) and len(found) < 90:
            logits = chunked.prefill_chunk(model, request, caches, step)
            step = 1 + (step + 2) % 5
            said = None if logits is None else [peaks(logits[None]), list(logits.shape)]
            found.append([said, request.num_computed_tokens, [cache.offset for cache in caches], model.rows])
    return [found, model.passes]


@sheet("6.3", _reading, 6)
def _foreign(case: Case) -> Any:
    import mlx.core as mx

    masks, kv_cache = load("masks"), load("kv_cache")
    one, many, found = kv_cache.TinyKvCache(), kv_cache.BatchingKvCache(5, 40), list[Any]()
    for slot, prompt in zip(case["slots"][: case["count"]], case["prompts"], strict=False):
        own = kv_cache.TinyKvCache()
        own.update_and_fetch(mx.zeros((1, 2, len(prompt), 4)), mx.zeros((1, 2, len(prompt), 4)))
        many.add_request(own, slot)
    for count in (case["step"] % 7 + 1, 1, 3):
        mask = masks.MlxLmCache(one).make_mask(count, return_array=True)
        found.append([mask, list(mask.shape), str(mask.dtype)])
        mask = masks.MlxLmCache(many).make_mask(count)
        seen = [[mask[slot].astype(mx.int32), slot] for slot in many.live]
        found.append([seen, list(mask.shape), str(mask.dtype)])
        one.update_and_fetch(mx.zeros((1, 2, count, 4)), mx.zeros((1, 2, count, 4)))
        many.update_and_fetch(mx.zeros((5, 2, count, 4)), mx.zeros((5, 2, count, 4)))
    return found
