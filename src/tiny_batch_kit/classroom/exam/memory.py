"""The exam of Day 11: what is shared, and what may be evicted."""

from __future__ import annotations

from typing import Any

from tiny_batch_kit.classroom.exam.engine import options, serve, traffic
from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


@sheet("11.1", traffic)
def _names(case: Case) -> Any:
    """Whether names differ where they must, and agree where they must; what a name is, is the student's."""
    name = load("prefix_cache").block_hash
    asks = [(prompt, salt) for _, prompt, _, _ in case["asks"] for salt in ("", "s")]
    made = [name(b"parent", prompt, salt) for prompt, salt in asks]
    again = [name(b"parent", list(prompt), salt) for prompt, salt in asks]
    other = [name(b"another", prompt, salt) for prompt, salt in asks]
    alike = [[(a == b) for b in made] for a in made]
    return [
        alike,
        [a == b for a, b in zip(made, again, strict=True)],
        [a == b for a, b in zip(made, other, strict=True)],
    ]


def _cache_calls(case: Case, cache: Any) -> Any:
    found = list[Any]()
    held = list[Any]()
    for number, (_, prompt, _, at) in enumerate(case["asks"] * 2):
        blocks = cache.match(prompt)
        cache.use(blocks)
        found.append(len(blocks))
        for start in range(2 * len(blocks), len(prompt) - 1, 2):
            block = cache.reserve(prompt[start : start + 2], after=blocks[-1] if blocks else None)
            if block is None:
                break
            cache.keep([block])
            blocks = [*blocks, block]
        held.append(blocks)
        if at % 2 or number > 5:
            cache.release(held.pop(0))
        found.append([len(blocks), cache.num_free, cache.num_unused])
    return found


@sheet("11.2", traffic)
def _evictions(case: Case) -> Any:
    return _cache_calls(case, load("prefix_cache").PrefixCache(8 + case["slots"], 2))


@sheet("11.3", traffic)
def _matches(case: Case) -> Any:
    return _cache_calls(case, load("prefix_cache").PrefixCache(200, 2))


@sheet("11.4", traffic, 8)
def _cached(case: Case) -> Any:
    """What is promised whatever the cache decides: each request's tokens are those that it gets alone."""
    cache = load("prefix_cache").PrefixCache(16, 2)
    scheduler = load("caching").CachingScheduler(cache, max_memory_tokens=case["memory"], **options(case))
    events, _ = serve(case, scheduler)
    tokens: dict[str, list[int]] = {}
    for kind, name, *rest in events:
        tokens.setdefault(name, []).extend(rest[:1] if kind == "TokenEvent" else ())
    return [sorted(tokens.items()), cache.num_unused]
