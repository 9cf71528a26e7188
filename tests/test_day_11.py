"""Day 11 · Prefix caching: what was computed is found again, believed only if its tokens agree, and given back."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch import prefix_cache
from tiny_batch.block_store import BlockStore, CachingRunner
from tiny_batch.caching import BlockCopy, CachingPlan, CachingScheduler
from tiny_batch.engine import Engine, Event, FinishedEvent, PreemptedEvent
from tiny_batch.packed_attention import PackedKvCache
from tiny_batch.plan import StepPlan, num_wanted
from tiny_batch.prefix_cache import Block, PrefixCache, block_hash
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch_kit.grading.expect import expect_equal, expect_raises, expect_true
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)


# Task 11.1


@pytest.mark.task("11.1")
def test_a_name_is_bytes_and_always_the_same():
    names = [block_hash(b"", [5, 6, 7], "a"), block_hash(b"", (5, 6, 7), "a")]
    expect_true(
        isinstance(names[0], bytes) and names[0] == names[1] and len(names[0]) >= 16,
        asked="the name of a block: bytes, at least 16 of them, the same whenever it is asked for",
        case="block_hash(b'', [5, 6, 7], 'a'), then with a tuple",
        got=f"{names[0]!r} and {names[1]!r}",
        expected="twice the same bytes",
    )


@pytest.mark.task("11.1")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((b"", [5, 6], ""), (b"", [6, 5], "")),
        ((b"", [5, 6], ""), (b"", [4, 7], "")),
        ((b"", [5, 5, 6], ""), (b"", [5, 6, 6], "")),
        ((b"", [5, 6], ""), (b"p", [5, 6], "")),
        ((b"p", [5, 6], ""), (b"q", [5, 6], "")),
        ((b"", [5, 6], "a"), (b"", [5, 6], "b")),
        ((b"p", [5, 6], "a"), (b"p", [5, 6], "b")),
    ],
    ids=["order", "sum", "how-often", "first-or-not", "parent", "salt", "salt-behind-a-parent"],
)
def test_a_name_depends_on_all_three(one: tuple[Any, ...], other: tuple[Any, ...]):
    expect_true(
        block_hash(*one) != block_hash(*other),
        asked="two blocks with other tokens, others before them or another salt have two names",
        case=f"block_hash{one} and block_hash{other}",
        got="the same name",
        expected="two names",
    )


WORDS = b"a" * 16
WORD = int.from_bytes(WORDS[:8], "little")  # a token whose 8 bytes are letters, from whichever end they are read


@pytest.mark.task("11.1")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((b"", [1, 23], ""), (b"", [12, 3], "")),
        ((b"", [256], ""), (b"", [1, 0], "")),
        ((b"", [5], ""), (b"", [5 + 2**8], "")),
        ((b"", [5], ""), (b"", [5 + 2**16], "")),
        ((b"", [5], ""), (b"", [5 + 2**32], "")),
        ((b"ab", [5], "c"), (b"a", [5], "bc")),
        ((b"", [5], "a"), (b"a", [5], "")),
        ((b"", [97], ""), (b"", [], "a")),
        ((WORDS[:16], [WORD, WORD], ""), (b"", [WORD, WORD], WORDS[:16].decode())),
    ],
    ids=[
        "digits",
        "bytes",
        "beyond-8-bits",
        "beyond-16-bits",
        "beyond-32-bits",
        "border",
        "salt-or-parent",
        "salt-or-token",
        "salt-or-parent-around-the-tokens",
    ],
)
def test_no_part_passes_for_another(one: tuple[Any, ...], other: tuple[Any, ...]):
    expect_true(
        block_hash(*one) != block_hash(*other),
        asked="parent, salt and tokens are kept apart: no two different inputs become the same bytes",
        case=f"block_hash{one} and block_hash{other}",
        got="the same name",
        expected="two names",
    )


@pytest.mark.task("11.1")
@pytest.mark.parametrize(("one", "other"), [("ä", "ö"), ("日", "月"), ("\ud800", "\ud801")], ids=ascii)
def test_a_salt_may_have_any_character(one: str, other: str):
    expect_true(
        block_hash(b"", [5], one) != block_hash(b"", [5], other),
        asked="two salts, two names: a salt may be any text that a caller sends, even half of a character pair",
        case=f"block_hash(b'', [5], {one!a}) and block_hash(b'', [5], {other!a})",
        got="the same name",
        expected="two names",
    )


@pytest.mark.task("11.1")
def test_no_sign_stands_between_them():
    same = []
    for sign in "|,;:/-_. \t\n\0\x1f":
        one, other = (f"a{sign}b".encode(), [5], "c"), (b"a", [5], f"b{sign}c")
        same += [sign] if block_hash(*one) == block_hash(*other) else []
    expect_equal(
        same,
        [],
        asked="signs with which a part passes for another: a name may have any byte in it, and a salt any character",
        case="block_hash(b'a|b', [5], 'c') and block_hash(b'a', [5], 'b|c'), and the same with other signs than |",
    )


@pytest.mark.task("11.1")
@pytest.mark.parametrize("salt", ["", "tenant"], ids=["no-salt", "salt"])
def test_every_process_says_the_same(salt: str):
    here = block_hash(b"parent", [3, 1, 4], salt).hex()
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('names', {prefix_cache.__file__!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "sys.modules['names'] = module\nspec.loader.exec_module(module)\n"
        f"print(module.block_hash(b'parent', [3, 1, 4], {salt!r}).hex())"
    )
    there = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    expect_equal(
        there,
        [here, here],
        asked="the name of a block in two other processes: Python's own hash of a string differs from run to run",
        case=f"block_hash(b'parent', [3, 1, 4], {salt!r})",
    )


# Task 11.2


def put(cache: PrefixCache, tokens: Sequence[int], salt: str = "") -> list[Block]:
    """Reserve and keep the whole blocks of some tokens, as a request would that computes them; it uses them."""
    blocks: list[Block] = []
    for start in range(0, len(tokens) - cache.block_size + 1, cache.block_size):
        after = blocks[-1] if blocks else None
        block = cache.reserve(tokens[start : start + cache.block_size], salt, after)
        assert block is not None
        blocks.append(block)
    cache.keep(blocks)
    return blocks


def counts(cache: PrefixCache) -> tuple[int, int, int]:
    """(free, kept and used by nobody, the rest)."""
    return cache.num_free, cache.num_unused, cache.num_blocks - cache.num_free - cache.num_unused


@pytest.mark.task("11.2")
def test_a_block_is_reserved():
    cache = PrefixCache(4, 2)
    block = cache.reserve([5, 6], "a")
    assert block is not None
    expect_equal(
        (block.tokens, block.parent, block.salt, block.kept, block.users, counts(cache)),
        ((5, 6), None, "a", False, 1, (3, 0, 1)),
        asked="(tokens, parent, salt, kept, users, (free, unused, in use)): it is its caller's alone",
        case="reserve([5, 6], 'a') in an empty cache of 4",
    )


@pytest.mark.task("11.2")
def test_a_block_knows_what_comes_before():
    cache = PrefixCache(4, 2)
    first = cache.reserve([5, 6])
    second = cache.reserve([7, 8], "", first)
    assert first is not None
    assert second is not None
    expect_true(
        second.parent is first and second.number != first.number and second.name == block_hash(first.name, (7, 8), ""),
        asked="a second block after the first: its parent, its own number, and a name that depends on the first's",
        case="reserve([5, 6]), then reserve([7, 8], after=the first)",
        got=f"parent {second.parent}, numbers {first.number} and {second.number}, name {second.name!r}",
        expected=f"name {block_hash(first.name, (7, 8), '')!r}",
    )


@pytest.mark.task("11.2")
@pytest.mark.parametrize("kept", [False, True], ids=["reserved", "kept"])
def test_a_name_is_taken_once(kept: bool):
    cache = PrefixCache(4, 2)
    block = cache.reserve([5, 6])
    assert block is not None
    if kept:
        cache.keep([block])
    again, other = cache.reserve([5, 6]), cache.reserve([5, 6], "b")
    expect_equal(
        (again, other is not None, counts(cache)),
        (None, True, (2, 0, 2)),
        asked="(the same block once more, whether another tenant's can be had, (free, unused, in use))",
        case=f"the block [5, 6] is {'kept' if kept else 'reserved'} already",
    )


@pytest.mark.task("11.2")
def test_dropped_blocks_are_free_again():
    cache = PrefixCache(2, 2)
    first = cache.reserve([5, 6])
    second = cache.reserve([7, 8], "", first)
    full = cache.reserve([1, 1])
    assert first is not None
    assert second is not None
    cache.drop([first, second])
    again = cache.reserve([5, 6])
    expect_equal(
        (full, again is not None and not again.kept, counts(cache)),
        (None, True, (1, 0, 1)),
        asked="(a third block while two of two are reserved; then the first anew; (free, unused, in use))",
        case="two reserved blocks are dropped",
    )


@pytest.mark.task("11.2")
def test_who_is_released_stays():
    cache = PrefixCache(4, 2)
    blocks = put(cache, [5, 6, 7, 8])
    cache.release(blocks)
    expect_equal(
        (counts(cache), cache.reserve([5, 6]), [block.users for block in blocks]),
        ((2, 2, 0), None, [0, 0]),
        asked="((free, unused, in use), the same block once more, users): an unused block is still there",
        case="two kept blocks are released",
    )


@pytest.mark.task("11.2")
def test_used_twice_is_released_twice():
    cache = PrefixCache(4, 2)
    blocks = put(cache, [5, 6, 7, 8])
    cache.use(blocks)
    seen = []
    for _ in range(2):
        cache.release(blocks)
        seen.append(counts(cache))
    cache.use(blocks[:1])
    seen.append(counts(cache))
    expect_equal(
        seen,
        [(2, 0, 2), (2, 2, 0), (2, 1, 1)],
        asked="(free, unused, in use) after each of two releases, and after the first block is used again",
        case="two blocks, each used by two requests",
    )


@pytest.mark.task("11.2")
def test_users_are_counted():
    cache = PrefixCache(4, 2)
    blocks = put(cache, [5, 6, 7, 8])
    cache.use(blocks)
    cache.use(blocks[:1])
    expect_equal(
        [block.users for block in blocks],
        [3, 2],
        asked="how many use the first block, and the second",
        case="the request that filled them uses both, a second request too, a third only the first",
    )


@pytest.mark.task("11.2")
def test_one_who_leaves_takes_nothing_from_the_other():
    cache = PrefixCache(1, 2)
    blocks = put(cache, [5, 6])
    cache.use(blocks)
    cache.release(blocks)
    expect_equal(
        (cache.reserve([7, 8]), cache.reserve([5, 6]), counts(cache)),
        (None, None, (0, 0, 1)),
        asked="(a place for another block, the same block once more, (free, unused, in use))",
        case="the only block is used by two, and one of them releases it",
    )


@pytest.mark.task("11.2")
def test_what_is_used_again_is_not_evicted():
    cache = PrefixCache(2, 1)
    a, b = (put(cache, [token])[0] for token in (5, 6))
    cache.release([a])
    cache.release([b])
    cache.use([a])
    new = [cache.reserve([token]) for token in (7, 8)]
    expect_equal(
        ([block and block.number for block in new], a.users),
        ([b.number, None], 1),
        asked="(whose places two new blocks take, users of a)",
        case="a is released, then b; then a is used again",
    )


@pytest.mark.task("11.2")
@pytest.mark.parametrize("free", [0, 1])
def test_a_refused_reservation_changes_nothing(free: int):
    cache = PrefixCache(2 + free, 1)
    blocks = put(cache, [5, 6])
    cache.release(blocks)
    refused = cache.reserve([6], "", blocks[0])
    seen = counts(cache)
    new = [cache.reserve([token]) for token in (7, 8, 9)]
    expect_equal(
        (refused, seen, sum(block is not None for block in new), counts(cache)),
        (None, (free, 2, 0), 2 + free, (0, 0, 2 + free)),
        asked="(the block that is there already, (free, unused, in use), how many of three new ones find a place, "
        "(free, unused, in use) then)",
        case=f"5 and 6 after it are kept and unused, {free} free; reserve([6], after=the first)",
    )


@pytest.mark.task("11.2")
def test_a_release_too_many_is_an_error():
    cache = PrefixCache(4, 2)
    blocks = put(cache, [5, 6, 7, 8])
    cache.release(blocks[1:])
    expect_raises(
        ValueError,
        lambda: cache.release(blocks),
        asked="a ValueError that names the block: a reference too few would evict what is in use",
        case="two blocks are released, of which the second was before",
        mentions=[str(blocks[1].number)],
    )
    expect_equal(
        (blocks[0].users, counts(cache)), (1, (2, 1, 1)), asked="nothing has changed", case="after the refused release"
    )


@pytest.mark.task("11.2")
def test_free_blocks_before_kept_ones():
    cache = PrefixCache(2, 1)
    cache.release(put(cache, [5]))
    block = cache.reserve([7])
    expect_equal(
        (block is not None, counts(cache), cache.reserve([5])),
        (True, (0, 1, 1), None),
        asked="(whether there is a place, (free, unused, in use), the kept block once more): nothing was evicted",
        case="one of two blocks is kept, one is free",
    )


@pytest.mark.task("11.2")
def test_what_is_in_use_is_never_evicted():
    cache = PrefixCache(2, 1)
    first, second = put(cache, [5])[0], put(cache, [6])[0]
    full = cache.reserve([7])
    cache.release([second])
    block = cache.reserve([7])
    again = cache.reserve([5])
    expect_equal(
        (full, block and block.number, again, first.users),
        (None, second.number, None, 1),
        asked="(a place while both are used; whose it is once the second is released; the first once more; users)",
        case="two blocks of one token, [5] and [6]",
    )


@pytest.mark.task("11.2")
def test_who_was_released_first_goes_first():
    cache = PrefixCache(3, 1)
    a, b, c = (put(cache, [token])[0] for token in (5, 6, 7))
    for block in (b, c, a):
        cache.release([block])
    new = [cache.reserve([token]) for token in (8, 9)]
    expect_equal(
        [block and block.number for block in new],
        [b.number, c.number],
        asked="whose places are taken, in order: least recently used first",
        case="blocks a, b and c; released in the order b, c, a; two new ones come",
    )


@pytest.mark.task("11.2")
def test_to_be_used_again_is_to_be_young_again():
    cache = PrefixCache(2, 1)
    a, b = (put(cache, [token])[0] for token in (5, 6))
    cache.release([a])
    cache.release([b])
    cache.use([a])
    cache.release([a])
    new = cache.reserve([7])
    expect_equal(
        new and new.number,
        b.number,
        asked="whose place is taken",
        case="a is released, then b; then a is used and released once more",
    )


@pytest.mark.task("11.2")
def test_nobody_goes_before_those_that_hang_on_it():
    cache = PrefixCache(4, 1)
    chain = put(cache, [1, 2, 3, 4])
    cache.release(chain)
    new = [cache.reserve([token]) for token in (5, 6, 7, 8)]
    expect_equal(
        [block and block.number for block in new],
        [block.number for block in reversed(chain)],
        asked="whose places are taken, in order: the chain's last first: it is of no use without the others",
        case="a chain of four is released; four new blocks come",
    )


@pytest.mark.task("11.2")
def test_two_ends_go_before_their_common_beginning():
    cache = PrefixCache(4, 1)
    stem = put(cache, [1, 2])
    ends = []
    for token in (3, 4):
        end = cache.reserve([token], "", stem[-1])
        assert end is not None
        cache.keep([end])
        ends.append(end)
    cache.use(stem)  # two requests use the stem, each has an end of its own
    cache.release([*stem, ends[0]])
    cache.release([*stem, ends[1]])
    new = [cache.reserve([token]) for token in (5, 6, 7, 8)]
    expect_equal(
        [block and block.number for block in new],
        [ends[0].number, ends[1].number, stem[1].number, stem[0].number],
        asked="whose places are taken, in order",
        case="1-2-3 and 1-2-4 are released one after the other; four new blocks come",
    )


@pytest.mark.task("11.2")
def test_who_is_evicted_can_come_back():
    cache = PrefixCache(1, 2)
    cache.release(put(cache, [5, 6]))
    cache.release(put(cache, [7, 8]))
    block = cache.reserve([5, 6])
    expect_equal(
        (block is not None, counts(cache)),
        (True, (0, 0, 1)),
        asked="(whether there is a place for it, (free, unused, in use)): its name was forgotten with it",
        case="[5, 6] was evicted for [7, 8], and is computed again",
    )


@pytest.mark.task("11.2")
def test_a_large_cache_is_as_quick_as_a_small_one():
    def seconds(blocks: int) -> float:
        cache = PrefixCache(blocks, 1)
        for token in range(blocks):
            cache.release(put(cache, [token]))
        best = float("inf")
        for attempt in range(3):
            start = time.perf_counter()
            for token in range(300):  # each evicts, is used, and released twice
                (block,) = put(cache, [blocks * (attempt + 1) + token])
                cache.use([block])
                cache.release([block])
                cache.release([block])
            best = min(best, time.perf_counter() - start)
        return best

    small, large = seconds(500), seconds(50_000)
    expect_true(
        large < 8 * small + 0.02,
        asked="evicting, using and releasing cost the same with 100 times as many blocks: nothing is searched",
        case="300 of each, with 500 and with 50,000 kept blocks",
        got=f"{1e3 * small:.1f} ms and {1e3 * large:.1f} ms",
        expected="about the same",
    )


# Task 11.3


def found(cache: PrefixCache, tokens: Sequence[int], salt: str = "", after: Block | None = None) -> list[int]:
    return [block.number for block in cache.match(tokens, salt, after)]


def numbers(blocks: Sequence[Block]) -> list[int]:
    return [block.number for block in blocks]


@pytest.mark.task("11.3")
@pytest.mark.parametrize(("length", "whole"), [(0, 0), (1, 0), (2, 0), (3, 1), (5, 1), (6, 2), (8, 2), (9, 3), (12, 3)])
def test_only_whole_blocks(length: int, whole: int):
    cache = PrefixCache(8, 3)
    blocks = put(cache, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12][:length]
    expect_equal(
        found(cache, tokens),
        numbers(blocks[:whole]),
        asked="the numbers of the kept blocks of 3 that hold the beginning",
        case=f"1 … 9 are kept; match({tokens})",
    )


@pytest.mark.task("11.3")
def test_the_walk_ends_at_the_first_difference():
    cache = PrefixCache(8, 2)
    blocks = put(cache, [1, 2, 3, 4, 5, 6])
    expect_equal(
        (found(cache, [1, 2, 9, 9, 5, 6]), found(cache, [1, 2, 9, 9, 3, 4]), found(cache, [9, 2, 3, 4])),
        (numbers(blocks[:1]), numbers(blocks[:1]), []),
        asked="the blocks found: what follows another text is another text",
        case="1 … 6 are kept in blocks of 2; match([1, 2, 9, 9, 5, 6]), [1, 2, 9, 9, 3, 4] and [9, 2, 3, 4]",
    )


@pytest.mark.task("11.3")
def test_the_same_tokens_elsewhere_are_not_the_same():
    cache = PrefixCache(8, 2)
    blocks = put(cache, [1, 2, 1, 2])
    expect_equal(
        (found(cache, [1, 2, 1, 2, 1, 2]), len({*numbers(blocks)})),
        (numbers(blocks), 2),
        asked="(the blocks found, how many different ones): 1 2 after 1 2 is not 1 2 at the beginning",
        case="1 2 1 2 is kept; match([1, 2, 1, 2, 1, 2])",
    )


@pytest.mark.task("11.3")
def test_going_on_behind_a_block():
    cache = PrefixCache(8, 2)
    blocks = put(cache, [1, 2, 3, 4, 5, 6])
    expect_equal(
        (found(cache, [3, 4, 5, 6], "", blocks[0]), found(cache, [3, 4]), found(cache, [3, 4, 5, 6], "", blocks[1])),
        (numbers(blocks[1:]), [], []),
        asked="the blocks found after the first, at the beginning, and after the second",
        case="1 … 6 are kept in blocks of 2; match([3, 4, …])",
    )


@pytest.mark.task("11.3")
def test_a_reserved_block_is_found_by_nobody():
    cache = PrefixCache(8, 2)
    (first,) = put(cache, [1, 2])
    second = cache.reserve([3, 4], "", first)
    assert second is not None
    before = found(cache, [1, 2, 3, 4])
    cache.keep([second])
    expect_equal(
        (before, found(cache, [1, 2, 3, 4])),
        ([first.number], [first.number, second.number]),
        asked="the blocks found before and after the second is kept: until then nothing is in it",
        case="1 2 is kept, 3 4 after it only reserved",
    )


@pytest.mark.task("11.3")
def test_a_gap_ends_the_walk():
    cache = PrefixCache(8, 2)
    (first,) = put(cache, [1, 2])
    second = cache.reserve([3, 4], "", first)
    third = cache.reserve([5, 6], "", second)
    assert second is not None
    assert third is not None
    cache.keep([third])
    expect_equal(
        (found(cache, [1, 2, 3, 4, 5, 6]), found(cache, [5, 6], "", second)),
        ([first.number], [third.number]),
        asked="the blocks found from the beginning, and after the second",
        case="1 2 and 5 6 are kept, 3 4 between them is only reserved",
    )


@pytest.mark.task("11.3")
def test_tenants_find_their_own():
    cache = PrefixCache(8, 2)
    mine, yours = put(cache, [1, 2, 3, 4], "a"), put(cache, [1, 2], "b")
    expect_equal(
        (found(cache, [1, 2, 3, 4], "a"), found(cache, [1, 2, 3, 4], "b"), found(cache, [1, 2, 3, 4])),
        (numbers(mine), numbers(yours), []),
        asked="the blocks found for tenant a, for b, and without a tenant",
        case="a keeps 1 2 3 4, b keeps 1 2",
    )


@pytest.mark.task("11.3")
def test_looking_uses_nothing():
    cache = PrefixCache(4, 1)
    cache.release(put(cache, [1, 2]))
    blocks = cache.match([1, 2])
    expect_equal(
        ([block.users for block in blocks], counts(cache)),
        ([0, 0], (2, 2, 0)),
        asked="(users of the blocks found, (free, unused, in use))",
        case="1 and 2 are kept and unused; match([1, 2])",
    )


@pytest.mark.task("11.3")
def test_looking_makes_nobody_young():
    cache = PrefixCache(2, 1)
    blocks = put(cache, [1, 2])
    cache.release(blocks)
    cache.match([1, 2])
    new = cache.reserve([7])
    expect_equal(
        (new and new.number, counts(cache), found(cache, [1, 2])),
        (blocks[1].number, (0, 1, 1), [blocks[0].number]),
        asked="(whose place a new block takes, (free, unused, in use), what is found then)",
        case="1 and 2 are kept and unused; match([1, 2]); a new block comes",
    )


@pytest.mark.task("11.3")
@pytest.mark.parametrize(
    ("tokens", "salt", "whole"),
    [([1, 2], "", 1), ([9, 9], "", 0), ([1, 2], "b", 0), ([1, 2, 1, 2], "", 1)],
    ids=["itself", "other-tokens", "another-tenant", "behind-itself"],
)
def test_a_name_that_everybody_has(tokens: list[int], salt: str, whole: int):
    cache = PrefixCache(8, 2, hash=lambda parent, tokens, salt: b"same")
    blocks = put(cache, [1, 2])
    expect_equal(
        found(cache, tokens, salt),
        numbers(blocks[:whole]),
        asked="the blocks found: a name proves nothing, so compare",
        case=f"1 2 is kept without a salt, every block has the same name; match({tokens}, {salt!r})",
    )


@pytest.mark.task("11.3")
def test_a_name_without_the_past():
    cache = PrefixCache(8, 2, hash=lambda parent, tokens, salt: bytes(tokens))
    blocks = put(cache, [1, 2, 3, 4])
    expect_equal(
        (found(cache, [1, 2, 3, 4]), found(cache, [3, 4]), found(cache, [1, 2, 3, 4, 3, 4])),
        (numbers(blocks), [], numbers(blocks)),
        asked="the blocks found for 1 2 3 4, 3 4 and 1 2 3 4 3 4: the same tokens after others are another block",
        case="1 2 3 4 is kept, and a block's name is made of its own tokens alone",
    )


# Task 11.4


def says(history: Sequence[int]) -> int:
    """What the pretended model says after `history`: every token of it counts, and its place."""
    return sum((place + 1) * (token + 7) for place, token in enumerate(history)) % 11


def told_alone(request: Request) -> list[int]:
    """The tokens that the pretended model gives to a request that is alone."""
    history, tokens = list(request.prompt), list[int]()
    while len(tokens) < request.max_tokens:
        tokens.append(says(history))
        history.append(tokens[-1])
    return tokens


Stored = tuple[int, ...]
"""What a position holds: its keys and values depend on every token up to it, so these tokens stand for them."""


class Pretended:
    """A runner without a model. It remembers what is in every position of slots and blocks, and finds fault with plans
    that copy or continue what is not there."""

    def __init__(self, block_size: int = 4, broken: Sequence[int] = ()) -> None:
        self.size, self.broken = block_size, set(broken)
        self.slots: dict[int, list[Stored]] = {}
        self.blocks: dict[int, list[Stored]] = {}
        self.plans: list[CachingPlan] = []
        self.faults: list[str] = []
        self.computed = self.loaded = 0

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        assert isinstance(plan, CachingPlan)
        self.plans.append(plan)
        for copy in plan.loads:
            there = self.slots.setdefault(copy.slot, [])
            if copy.block not in self.blocks:
                self.faults.append(f"{copy} loads a block that was never filled")
                continue
            there[copy.start : copy.start + self.size] = self.blocks[copy.block]
            self.loaded += self.size
        if len(self.plans) in self.broken:
            raise MemoryError("no room for the scores")
        sampled = {work.request_id: [self._compute(work)] for work in plan.work}
        for copy in plan.keeps:
            piece = self.slots.get(copy.slot, [])[copy.start : copy.start + self.size]
            if len(piece) < self.size:
                self.faults.append(f"{copy} keeps a block of which {len(piece)} positions are computed")
            self.blocks[copy.block] = piece
        return {work.request_id: sampled[work.request_id] for work in plan.work if work.wanted}

    def _compute(self, work: Any) -> int:
        there = self.slots.setdefault(work.slot, [])
        history = list(there[work.start - 1]) if 0 < work.start <= len(there) else []
        if len(history) != work.start or any(there[at] != (*history[: at + 1],) for at in range(work.start)):
            self.faults.append(f"{work.request_id} begins at {work.start}, and that is not what its slot holds")
        del there[work.start :]
        for token in work.tokens:
            history.append(token)
            there.append(tuple(history))
        self.computed += len(work.tokens)
        return says(history)


def serving(
    *, blocks: int = 64, size: int = 4, broken: Sequence[int] = (), hash: Any = None, **options: Any
) -> tuple[Engine, PrefixCache, Pretended]:
    cache = PrefixCache(blocks, size, hash) if hash else PrefixCache(blocks, size)
    limits = {"max_running": 3, "max_batched_tokens": 64, "max_seq_len": 64, **options}
    runner = Pretended(size, broken)
    return Engine(CachingScheduler(cache, **limits), runner), cache, runner


def ask(name: str, prompt: Sequence[int], max_tokens: int = 2, **options: Any) -> Request:
    return Request(name, prompt, max_tokens, **options)


def drive(engine: Engine, case: str, most_steps: int = 600) -> list[Event]:
    """Step until nothing is left; returns all events."""
    events: list[Event] = []
    for _ in range(most_steps):
        if not engine.has_work:
            return events
        events += engine.step()
    expect_true(
        not engine.has_work,
        asked="every request comes to its end",
        case=case,
        got=f"has_work after {most_steps} steps",
        expected="nobody is left",
    )
    return events


def serve(engine: Engine, *requests: Request) -> list[Event]:
    """Serve requests that are all there, to their end."""
    for request in requests:
        engine.add_request(request)
    return drive(engine, f"{len(requests)} requests")


def brief(plan: StepPlan) -> list[tuple[str, int, int]]:
    """(request, start, tokens) of each work of a plan."""
    return [(work.request_id, work.start, len(work.tokens)) for work in plan.work]


TEXT = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]  # 20 tokens


@pytest.mark.task("11.4")
@pytest.mark.parametrize(("length", "loaded"), [(3, 0), (4, 0), (5, 4), (8, 4), (9, 8), (12, 8), (13, 12)])
def test_a_request_begins_at_what_is_stored(length: int, loaded: int):
    engine, _, runner = serving()
    serve(engine, ask("first", TEXT))
    runner.loaded = 0
    again = ask("again", TEXT[:length])
    engine.add_request(again)
    engine.step()
    expect_equal(
        (runner.loaded, brief(runner.plans[-1]), runner.faults),
        (loaded, [("again", loaded, length - loaded)], []),
        asked="(tokens loaded, the plan, faults): whole blocks of 4, and at least one token is left to compute",
        case=f"20 tokens were served; a request comes with the first {length} of them",
    )
    drive(engine, "its answer")
    expect_equal(
        (again.tokens, brief(runner.plans[-1]), runner.faults),
        (told_alone(again), [("again", length, 1)], []),
        asked="(its answer, the plan of its next step, faults): it answers as if alone, and goes on by one token",
        case=f"{length} tokens and two new ones",
    )


@pytest.mark.task("11.4")
def test_where_blocks_are_copied():
    engine, _, runner = serving(max_batched_tokens=10)
    engine.add_request(ask("a", TEXT[:9], 6))
    engine.step()
    engine.add_request(ask("b", [*TEXT[:8], 7, 7], 1))
    engine.step()
    first, second = runner.plans
    kept = [(copy.slot, copy.start) for copy in first.keeps]
    loaded = [(copy.slot, copy.start) for copy in second.loads]
    same = [copy.block for copy in first.keeps] == [copy.block for copy in second.loads]
    expect_equal(
        (kept, loaded, same, brief(second)),
        ([(0, 0), (0, 4)], [(1, 0), (1, 4)], True, [("a", 9, 1), ("b", 8, 2)]),
        asked="((slot, start) of what the first plan keeps, of what the second loads, whether it is the same blocks, "
        "the second plan)",
        case="a's 9 tokens run in slot 0; then b comes, with the same first 8",
    )


@pytest.mark.task("11.4")
def test_nothing_is_found_before_its_step_has_succeeded():
    engine, _, runner = serving()
    serve(engine, ask("a", TEXT[:9], 1), ask("b", [*TEXT[:8], 7], 1))
    (plan,) = runner.plans
    numbers_kept = [copy.block for copy in plan.keeps]
    expect_equal(
        (len(plan.loads), brief(plan), len(numbers_kept), runner.faults),
        (0, [("a", 0, 9), ("b", 0, 9)], 2, []),
        asked="(loads, the plan, blocks kept, faults): in their common step both compute, and the blocks are kept once",
        case="a and b with the same first 8 tokens, in one step",
    )


@pytest.mark.task("11.4")
def test_what_two_have_computed_belongs_to_both():
    engine, cache, runner = serving()
    a, b = ask("a", TEXT[:9], 1), ask("b", TEXT[:9], 9)
    engine.add_request(a)
    engine.add_request(b)
    for _ in range(2):
        engine.step()
    seen = [block.users for block in cache.match(TEXT[:8])]
    drive(engine, "b ends")
    loads = [copy for plan in runner.plans for copy in plan.loads]
    keeps = [(copy.slot, copy.start) for plan in runner.plans for copy in plan.keeps]
    expect_equal(
        (brief(runner.plans[1]), seen, loads, keeps, b.tokens, runner.faults),
        ([("b", 9, 1)], [1, 1], [], [(0, 0), (0, 4), (1, 8), (1, 12)], told_alone(b), []),
        asked="(the second plan, users of the first two blocks then, loads, (slot, start) of what is kept, b's answer, "
        "faults): b uses what a has kept, neither copies nor computes again what it has, and keeps what follows",
        case="a and b with the same 9 tokens in one step; a ends with it, b gets 9 tokens",
    )


@pytest.mark.task("11.4")
def test_a_block_without_its_beginning_is_not_kept():
    engine, _, runner = serving()
    engine.add_request(ask("a", TEXT[:9], 1))
    engine.add_request(ask("b", [*TEXT[:9], 7, 7, 7], 1))
    engine.step()
    c = ask("c", [*TEXT[4:8], 1], 2)
    serve(engine, c)
    expect_equal(
        (runner.loaded, c.tokens, runner.faults),
        (0, told_alone(c), []),
        asked="(tokens loaded, c's answer, faults): b's second block without its first is no request's beginning",
        case="a and b share their first two blocks and one step, so a keeps these; c begins with the tokens of the "
        "second",
    )


@pytest.mark.task("11.4")
def test_each_block_is_kept_once():
    engine, _, runner = serving(max_batched_tokens=6)
    serve(engine, ask("a", TEXT, 6))
    keeps = [[copy.start for copy in plan.keeps] for plan in runner.plans]
    expect_equal(
        (keeps, runner.loaded, runner.faults),
        ([[0], [4, 8], [12], [16], [], [], [], [20], []], 0, []),
        asked="(from where blocks are kept in each step, tokens loaded, faults): each once, when it is whole",
        case="a's 20 tokens in steps of 6, then 6 of its answer",
    )


@pytest.mark.task("11.4")
def test_a_request_goes_on_at_what_others_have_kept():
    engine, _, runner = serving(max_batched_tokens=24)
    a, b = ask("a", TEXT, 3), ask("b", [*TEXT[:16], 7, 7], 3)
    serve(engine, a, b)
    expect_equal(
        [brief(plan) for plan in runner.plans[:2]],
        [[("a", 0, 20), ("b", 0, 4)], [("a", 20, 1), ("b", 16, 2)]],
        asked="the first two plans: b has begun by itself, and goes on after what a has kept meanwhile",
        case="a's 20 tokens and b's 18 share 16; 24 tokens a step",
    )
    expect_equal(
        (a.tokens, b.tokens, runner.faults),
        (told_alone(a), told_alone(b), []),
        asked="(both answers, faults)",
        case="the same",
    )


@pytest.mark.task("11.4")
def test_a_block_that_is_half_computed_is_loaded_whole():
    engine, _, runner = serving(max_batched_tokens=26)
    a, b = ask("a", TEXT, 2), ask("b", [*TEXT[:16], 7, 7], 2)
    serve(engine, a, b)
    second = runner.plans[1]
    expect_equal(
        (brief(second), [copy.start for copy in second.loads], b.tokens, runner.faults),
        ([("a", 20, 1), ("b", 16, 2)], [4, 8, 12], told_alone(b), []),
        asked="(the second plan, from where its loaded blocks go, b's answer, faults)",
        case="b has computed 6 of its tokens, 2 of the second block, when a's 20 are kept",
    )


@pytest.mark.task("11.4")
def test_it_looks_behind_what_it_has():
    engine, _, runner = serving(max_batched_tokens=24)
    serve(engine, ask("first", TEXT[:4], 1))
    a, b = ask("a", TEXT, 2), ask("b", [*TEXT[:16], 7, 7], 2)
    serve(engine, a, b)
    expect_equal(
        ([brief(plan) for plan in runner.plans[1:3]], [copy.start for copy in runner.plans[2].loads], runner.faults),
        ([[("a", 4, 16), ("b", 4, 8)], [("a", 20, 1), ("b", 16, 2)]], [12], []),
        asked="(the plans of a and b, from where the second one loads, faults): b's chain is one block, a has kept "
        "three after it, of which b has computed two",
        case="one block of 4 is stored; a's 20 tokens and b's 18 share 16; 24 tokens a step",
    )
    expect_equal(b.tokens, told_alone(b), asked="b's answer", case="the same")


@pytest.mark.task("11.4")
def test_answers_are_kept_too():
    engine, _, runner = serving()
    first = ask("first", TEXT[:5], 9)
    serve(engine, first)
    follow = ask("follow", [*TEXT[:5], *first.tokens, 7, 7], 2)
    engine.add_request(follow)
    engine.step()
    expect_equal(
        brief(runner.plans[-1]),
        [("follow", 12, 4)],
        asked="the plan of the next turn: of 5 + 9 tokens 13 were computed, the last one never, so 3 blocks are stored",
        case="a prompt of 5 with an answer of 9; the next prompt is both and 2 more",
    )


@pytest.mark.task("11.4")
def test_a_broken_step_keeps_nothing():
    engine, cache, runner = serving(broken=[1])
    events = serve(engine, ask("a", TEXT[:9]))
    reasons = [event.reason for event in events if isinstance(event, FinishedEvent)]
    b = ask("b", TEXT[:9])
    serve(engine, b)
    expect_equal(
        (reasons, runner.loaded, b.tokens, runner.faults),
        ([FinishReason.ERROR], 0, told_alone(b), []),
        asked="(how a ends, tokens loaded for b, b's answer, faults): what was never computed can't be found",
        case="a's step breaks; then b comes with the same 9 tokens",
    )
    expect_equal(
        (cache.num_free + cache.num_unused, cache.num_free, len(cache.match(TEXT[:9]))),
        (64, 62, 2),
        asked="(free and unused blocks, free ones, blocks found): a's places are free again, and b has kept 2",
        case="the same",
    )


@pytest.mark.task("11.4")
def test_only_the_broken_steps_blocks_are_lost():
    engine, cache, runner = serving(broken=[2], max_batched_tokens=8)
    serve(engine, ask("a", TEXT))
    serve(engine, ask("b", TEXT))
    expect_equal(
        (brief(runner.plans[2]), runner.faults, cache.num_free + cache.num_unused),
        ([("b", 8, 8)], [], 64),
        asked="(b's first plan, faults, free and unused blocks): the two blocks of a's first step are stored",
        case="a's 20 tokens in steps of 8, the second breaks; then b comes with the same",
    )


@pytest.mark.task("11.4")
def test_a_step_that_loads_may_break_too():
    engine, cache, runner = serving(broken=[3])
    serve(engine, ask("first", TEXT))
    serve(engine, ask("a", TEXT[:13]))
    b = ask("b", TEXT[:13])
    serve(engine, b)
    expect_equal(
        (brief(runner.plans[3]), b.tokens, runner.faults, cache.num_free + cache.num_unused),
        ([("b", 12, 1)], told_alone(b), [], 64),
        asked="(b's first plan, b's answer, faults, free and unused blocks): a is lost, the store and all others are "
        "not",
        case="20 tokens are stored; a loads 12 of them in a step that breaks; then b comes with the same",
    )


@pytest.mark.task("11.4")
@pytest.mark.parametrize("when", ["waiting", "half read", "decoding"])
def test_an_abort_leaks_nothing(when: str):
    engine, cache, _ = serving(max_batched_tokens=8, max_running=1)
    if when == "waiting":
        engine.add_request(ask("before", [7] * 6, 4))
        engine.step()
    engine.add_request(ask("a", TEXT, 5))
    for _ in range({"waiting": 0, "half read": 1, "decoding": 4}[when]):
        engine.step()
    engine.abort("a")
    held = [block for block in cache.match(TEXT) if block.users]
    drive(engine, when)
    expect_equal(
        (held, cache.num_free + cache.num_unused),
        ([], 64),
        asked="(blocks of a still in use, free and unused ones at the end)",
        case=f"a is aborted while {when}",
    )


@pytest.mark.task("11.4")
def test_who_runs_keeps_its_blocks_from_being_evicted():
    engine, cache, runner = serving(blocks=4, max_running=2)
    a = ask("a", [*TEXT[:8], 7], 12)
    engine.add_request(a)
    engine.step()
    at_once = [block.users for block in cache.match(TEXT[:8])]
    for number in range(6):  # each wants two blocks, and there are two more
        engine.add_request(ask(f"{number}", [20 + number] * 9, 1))
        engine.step()
    stored = cache.match(TEXT[:8])
    expect_equal(
        (at_once, len(stored), [block.users for block in stored], runner.faults),
        ([1, 1], 2, [1, 1], []),
        asked="(users of a's blocks after its first step, then those still stored, their users, faults)",
        case="a runs on 2 of 4 blocks, while six others come and go",
    )
    drive(engine, "a ends")
    expect_equal(a.tokens, told_alone(a), asked="a's answer", case="the same")


@pytest.mark.task("11.4")
def test_no_room_is_no_error():
    engine, cache, runner = serving(blocks=2, size=2)
    requests = [ask(name, [place + 1, *TEXT[:10]], 4) for place, name in enumerate("abc")]
    serve(engine, *requests)
    expect_equal(
        ([each.tokens for each in requests], runner.faults, counts(cache)),
        ([told_alone(each) for each in requests], [], (0, 2, 0)),
        asked="(all answers, faults, (free, unused, in use)): what finds no place is not kept",
        case="three requests of 11 tokens, a store of two blocks of 2",
    )


@pytest.mark.task("11.4")
def test_nothing_is_kept_behind_a_gap():
    engine, cache, runner = serving(blocks=3)
    a = ask("a", TEXT, 1)
    serve(engine, a)
    kept = [copy.start for plan in runner.plans for copy in plan.keeps]
    expect_equal(
        (kept, len(cache.match(TEXT))),
        ([0, 4, 8], 3),
        asked="(from where blocks are kept, how many are found): the first ones, without a gap",
        case="a has 5 blocks, the store has 3",
    )


@pytest.mark.task("11.4")
def test_the_end_of_a_prompt_is_evicted_before_its_beginning():
    engine, _, runner = serving(blocks=4)
    serve(engine, ask("a", TEXT[:16], 1))
    serve(engine, ask("x", [7] * 5, 1))  # takes one of the four places
    serve(engine, ask("b", [*TEXT[:16], 7], 1))
    expect_equal(
        (brief(runner.plans[2]), runner.faults),
        ([("b", 12, 5)], []),
        asked="(b's plan, faults): the last of a's blocks had to go, and the first three are found",
        case="a's 16 tokens fill a store of four blocks; x keeps one block; b begins with a's tokens",
    )


@pytest.mark.task("11.4")
def test_a_step_that_breaks_leaves_its_places_free():
    engine, cache, _ = serving(broken=[1])
    serve(engine, ask("a", TEXT[:9]))
    expect_equal(
        counts(cache),
        (64, 0, 0),
        asked="(free, unused, in use): what was reserved for a step that broke is free again, at once",
        case="the only step of the only request breaks",
    )


@pytest.mark.task("11.4")
def test_what_is_known_is_not_named_again():
    named: list[int] = []

    def counted(parent: bytes, tokens: Sequence[int], salt: str) -> bytes:
        named.append(1)
        return block_hash(parent, tokens, salt)

    engine, _, _ = serving(hash=counted, max_seq_len=200, max_batched_tokens=200)
    engine.add_request(ask("a", [(7 * place) % 11 for place in range(120)], 24))
    for _ in range(3):  # it is read, and its blocks are kept
        engine.step()
    named.clear()
    for _ in range(20):
        engine.step()
    expect_true(
        len(named) <= 3 * 20,
        asked="a decoding request names a block or two when one is full, not its whole prompt: its chain is known",
        case="a prompt of 120 tokens in blocks of 4; 20 decode steps",
        got=f"{len(named)} blocks were named",
        expected="60 at most",
    )


@pytest.mark.task("11.4")
def test_tenants_share_nothing():
    engine, _, runner = serving()
    serve(engine, ask("a", TEXT, cache_salt="one"))
    serve(engine, ask("b", TEXT, cache_salt="two"))
    between = runner.loaded
    serve(engine, ask("c", TEXT, cache_salt="one"))
    expect_equal(
        (between, runner.loaded, runner.faults),
        (0, 16, []),
        asked="(tokens loaded for b of another tenant, then for c of the first, faults)",
        case="the same 20 tokens three times",
    )


@pytest.mark.task("11.4")
def test_a_name_that_everybody_has_harms_nobody():
    engine, cache, runner = serving(hash=lambda parent, tokens, salt: b"same")
    requests = [ask(f"{number}", TEXT[number % 3 :], 6) for number in range(6)]
    for request in requests:
        serve(engine, request)
    expect_equal(
        ([each.tokens for each in requests], runner.faults, cache.num_free + cache.num_unused),
        ([told_alone(each) for each in requests], [], 64),
        asked="(all answers, faults, free and unused blocks)",
        case="six requests, and every block has the same name",
    )


@pytest.mark.task("11.4")
def test_who_is_sent_back_finds_what_it_had():
    engine, cache, runner = serving(max_memory_tokens=24, headroom=0, max_batched_tokens=16)
    a, b = ask("a", [1] * 6, 14), ask("b", [2] * 9, 12)
    events = serve(engine, a, b)
    sent_back = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    place = next(number for number, plan in enumerate(runner.plans) if plan.preempted)
    back = next(work for plan in runner.plans[place:] for work in plan.work if work.request_id == "b")
    expect_equal(
        (sent_back, (back.start, len(back.tokens)), runner.faults, a.tokens, b.tokens),
        (["b"], (12, 2), [], told_alone(a), told_alone(b)),
        asked="(which were sent back, (where it begins, tokens to compute) when it is back, faults, both answers)",
        case="a and b outgrow memory for 24; b comes back with the answer that it has, and what it kept is stored",
    )
    expect_equal(
        cache.num_free + cache.num_unused, 64, asked="free and unused blocks at the end", case="a and b have ended"
    )


@pytest.mark.task("11.4")
def test_who_is_sent_back_uses_nothing():
    engine, cache, _ = serving(max_memory_tokens=24, headroom=0, max_batched_tokens=16)
    for request in (ask("a", [1] * 6, 14), ask("b", [2] * 9, 12)):
        engine.add_request(request)
    while "b" in engine.scheduler.running or "a" not in engine.scheduler.running:
        engine.step()
    users = [block.users for block in cache.match([2] * 9)]
    expect_equal(
        users, [0, 0], asked="how many use b's blocks while it waits again", case="b was sent back to the queue"
    )


@pytest.mark.task("11.4")
def test_an_interrupted_plan_is_taken_back():
    engine, cache, runner = serving()
    serve(engine, ask("first", TEXT))
    runner.slots.clear()  # else it would live on what `first` has left in its slot
    again = ask("again", [*TEXT[:13], 7, 7, 7, 7], 3)
    engine.add_request(again)
    lost = engine.scheduler.plan()  # and then somebody pressed Ctrl-C: nothing of it was run
    assert isinstance(lost, CachingPlan)
    drive(engine, "it goes on")
    expect_equal(
        (len(lost.loads), again.tokens, runner.faults, cache.num_free + cache.num_unused),
        (3, told_alone(again), [], 64),
        asked="(blocks that the lost plan loads, the answer, faults, free and unused blocks)",
        case="a plan is made and never run; the next ones are",
    )


@pytest.mark.task("11.4")
def test_an_interrupted_plan_of_one_who_runs():
    engine, cache, runner = serving(max_batched_tokens=26)
    a, b = ask("a", TEXT, 2), ask("b", [*TEXT[:16], 7, 7], 2)
    engine.add_request(a)
    engine.add_request(b)
    engine.step()
    lost = engine.scheduler.plan()
    stood = b.num_computed_tokens
    engine.abort("a")
    drive(engine, "b goes on")
    expect_equal(
        (brief(lost), stood, brief(runner.plans[1]), b.tokens, runner.faults, cache.num_free + cache.num_unused),
        ([("a", 20, 1), ("b", 16, 2)], 16, [("b", 16, 2)], told_alone(b), [], 64),
        asked="(the lost plan, tokens that b counts as computed in it, the next plan, b's answer, faults, free and "
        "unused blocks)",
        case="b has computed 6 tokens, a plan to load 12 is made and never run; a is aborted, and b goes on",
    )


@pytest.mark.task("11.4")
def test_an_abort_behind_an_interrupted_plan():
    engine, cache, runner = serving()
    serve(engine, ask("first", TEXT))
    b = ask("b", TEXT[:9])
    engine.add_request(ask("a", [*TEXT[:13], 7, 7, 7, 7]))
    engine.add_request(b)
    engine.scheduler.plan()
    engine.abort("a")
    drive(engine, "b goes on")
    expect_equal(
        (b.tokens, runner.faults, cache.num_free + cache.num_unused, len(cache.match([*TEXT[:13], 7, 7, 7]))),
        (told_alone(b), [], 64, 3),
        asked="(b's answer, faults, free and unused blocks, blocks found of a's tokens)",
        case="a plan loads and keeps for a and for b; it is never run, and a is aborted",
    )


@pytest.mark.task("11.4")
def test_the_state_and_what_is_wanted():
    engine, _, runner = serving()
    serve(engine, ask("first", TEXT))
    again = ask("again", TEXT[:9], 2)
    engine.add_request(again)
    engine.step()
    work = runner.plans[-1].work[0]
    expect_equal(
        (work.wanted, again.state, again.num_computed_tokens, num_wanted(again), len(again.tokens)),
        (1, RequestState.DECODING, 9, 1, 1),
        asked="(wanted, state, tokens computed, tokens wanted next, new tokens) after one step",
        case="8 of a prompt of 9 are loaded",
    )


@pytest.mark.task("11.4")
@settings(max_examples=80)
@given(data=st.data())
def test_any_traffic(data: st.DataObject):
    size, blocks = data.draw(st.integers(1, 4), label="block size"), data.draw(st.integers(1, 12), label="blocks")
    names = {"good": None, "same": lambda *_: b"", "few": lambda parent, tokens, salt: bytes([sum(tokens) % 3])}
    name = data.draw(st.sampled_from(sorted(names)), label="names")
    slots = data.draw(st.integers(1, 4), label="slots")
    engine, cache, runner = serving(
        blocks=blocks,
        size=size,
        hash=names[name],
        broken=data.draw(st.lists(st.integers(1, 40), max_size=2), label="broken steps"),
        max_running=slots,
        max_batched_tokens=slots + data.draw(st.sampled_from([0, 1, 4, 20]), label="budget above slots"),
        max_seq_len=30,
        max_memory_tokens=data.draw(st.integers(30, 80), label="memory"),
        headroom=data.draw(st.integers(0, 3), label="headroom"),
    )
    requests, events = list[Request](), list[Event]()
    for index in range(data.draw(st.integers(1, 8), label="requests")):
        shared = data.draw(st.integers(0, 14), label="shared tokens")
        own = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=6), label="own tokens")
        salt = data.draw(st.sampled_from(["", "b"]), label="salt")
        limit = data.draw(st.integers(1, 9), label="limit")
        requests.append(ask(f"{index}", [*TEXT[:shared], *own], limit, cache_salt=salt))
        engine.add_request(requests[-1])
        for _ in range(data.draw(st.integers(0, 3), label="steps")):
            events += engine.step()
        alive = [each.id for each in requests if not each.is_finished]
        if alive and data.draw(st.integers(0, 4), label="abort") == 0:
            engine.abort(data.draw(st.sampled_from(alive), label="who"))
    case = f"{len(requests)} requests, {blocks} blocks of {size}, {slots} slots, {name} names"
    events += drive(engine, case)
    ends = sorted(event.request_id for event in events if isinstance(event, FinishedEvent))
    expect_equal(ends, sorted(each.id for each in requests), asked="each request ends exactly once", case=case)
    expect_equal(runner.faults, [], asked="faults that the runner found with the plans", case=case)
    for request in requests:
        whole = told_alone(request)
        complete = request.finish_reason is FinishReason.LENGTH
        expect_equal(
            request.tokens,
            whole if complete else whole[: len(request.tokens)],
            asked="a store changes when a token comes, never which",
            case=f"{case}; request {request.id}, {request.finish_reason}",
        )
    expect_equal(
        (cache.num_free + cache.num_unused, engine.scheduler.slot_of),
        (blocks, {}),
        asked="(free and unused blocks, slots): an idle engine uses nothing",
        case=case,
    )


# Task 11.5


def filled(seed: int, shape: tuple[int, ...]) -> mx.array:
    return mx.array(np.random.default_rng(seed).integers(1, 1000, shape).astype(np.float32))


def store_and_cache(num_blocks: int = 6, slots: int = 3, length: int = 12) -> tuple[BlockStore, PackedKvCache]:
    """A store of blocks of 4 and a layer's cache, 2 heads of 3 numbers, with numbers that tell where they are from."""
    store, cache = BlockStore(num_blocks, 2, 4, 3, mx.float32), PackedKvCache(slots, 2, length, 3, mx.float32)
    store.keys, store.values = filled(1, (num_blocks, 2, 4, 3)), filled(2, (num_blocks, 2, 4, 3))
    cache.keys, cache.values = filled(3, (slots, 2, length, 3)), filled(4, (slots, 2, length, 3))
    mx.eval(store.keys, store.values, cache.keys, cache.values)
    return store, cache


COPIES = {
    "one-block": [BlockCopy(3, 1, 4)],
    "neighbours-in-the-slot": [BlockCopy(5, 0, 0), BlockCopy(2, 0, 4), BlockCopy(4, 0, 8)],
    "a-gap": [BlockCopy(0, 2, 0), BlockCopy(1, 2, 8)],
    "two-slots": [BlockCopy(1, 2, 4), BlockCopy(0, 2, 8), BlockCopy(3, 0, 0), BlockCopy(5, 0, 4)],
    "side-by-side-in-two-slots": [BlockCopy(1, 0, 0), BlockCopy(2, 1, 4), BlockCopy(3, 2, 8)],
    "nothing": [],
}


@pytest.mark.task("11.5")
@pytest.mark.parametrize("name", COPIES)
def test_blocks_come_into_slots(name: str):
    store, cache = store_and_cache()
    wanted = {kind: np.array(getattr(cache, kind)) for kind in ("keys", "values")}
    before = {kind: np.array(getattr(store, kind)) for kind in ("keys", "values")}
    for block, slot, start in COPIES[name]:
        for kind in ("keys", "values"):
            wanted[kind][slot, :, start : start + 4] = before[kind][block]
    store.load(COPIES[name], cache)
    for kind in ("keys", "values"):
        got = np.array(getattr(cache, kind))
        wrong = np.argwhere((got != wanted[kind]).any(axis=(1, 3))).tolist()
        expect_equal(wrong, [], asked=f"(slot, position) whose {kind} are not what they should be", case=name)
        expect_true(
            np.array_equal(np.array(getattr(store, kind)), before[kind]),
            asked=f"the {kind} of the store stay as they are",
            case=name,
        )


@pytest.mark.task("11.5")
@pytest.mark.parametrize("name", COPIES)
def test_positions_come_into_blocks(name: str):
    store, cache = store_and_cache()
    wanted = {kind: np.array(getattr(store, kind)) for kind in ("keys", "values")}
    before = {kind: np.array(getattr(cache, kind)) for kind in ("keys", "values")}
    for block, slot, start in COPIES[name]:
        for kind in ("keys", "values"):
            wanted[kind][block] = before[kind][slot, :, start : start + 4]
    store.keep(COPIES[name], cache)
    for kind in ("keys", "values"):
        got = np.array(getattr(store, kind))
        wrong = np.flatnonzero((got != wanted[kind]).any(axis=(1, 2, 3))).tolist()
        expect_equal(wrong, [], asked=f"blocks whose {kind} are not what they should be", case=name)
        expect_true(
            np.array_equal(np.array(getattr(cache, kind)), before[kind]),
            asked=f"the {kind} of the cache stay as they are",
            case=name,
        )


class Writes:
    """Stands for an array, and counts how often it is written to."""

    def __init__(self, array: mx.array) -> None:
        self.array, self.count = array, 0

    def __getitem__(self, key: Any) -> mx.array:
        return self.array[key]

    def __setitem__(self, key: Any, value: mx.array) -> None:
        self.count += 1
        self.array[key] = value

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape


@pytest.mark.task("11.5")
def test_what_stands_side_by_side_is_written_at_once():
    store, cache = store_and_cache(num_blocks=8, slots=2, length=32)
    copies = [BlockCopy((3 * place + 1) % 8, 1, 4 * place) for place in range(8)]
    cache.keys = Writes(cache.keys)  # type: ignore[assignment]
    store.load(copies, cache)
    loaded = cache.keys.count  # type: ignore[attr-defined]
    store, cache = store_and_cache(num_blocks=8, slots=2, length=32)
    store.keys = Writes(store.keys)  # type: ignore[assignment]
    store.keep(copies, cache)
    expect_equal(
        (loaded, store.keys.count),  # type: ignore[attr-defined]
        (1, 1),
        asked="how often the slots' keys are written by load, and the store's by keep: once for each run",
        case="eight blocks in a row in one slot; thirty layers would make 240 small writes of it, for keys alone",
    )


def real(blocks: int, size: int, **options: Any) -> Engine:
    limits = {"max_running": 3, "max_seq_len": 64}
    scheduler = CachingScheduler(PrefixCache(blocks, size), **{**limits, "max_batched_tokens": 16, **options})
    return Engine(scheduler, CachingRunner(MODEL, **limits, num_blocks=blocks, block_size=size))


def poison(engine: Engine) -> None:
    """Spoil what free slots hold, so that no request can live on what a namesake has left there."""
    assert isinstance(engine.runner, CachingRunner)
    for cache in engine.runner.caches:
        cache.keys, cache.values = mx.full(cache.keys.shape, 1e3), mx.full(cache.values.shape, 1e3)


@pytest.mark.task("11.5")
@pytest.mark.parametrize("size", [1, 4, 7])
def test_a_real_model_goes_on_from_what_was_stored(size: int):
    engine = real(40, size)
    first = ask("0", TEXT, 6)
    serve(engine, first)
    poison(engine)
    others = [ask("1", [*TEXT, *first.tokens, 7], 6), ask("2", [*TEXT[:11], 9, 9], 6), ask("3", TEXT, 6)]
    serve(engine, *others)
    for request in (first, *others):
        alone = serve_alone(MODEL, request.prompt, request.max_tokens)
        problem = agrees(request.tokens, alone)
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone, loaded or computed",
            case=f"blocks of {size}; request {request.id}",
            got=f"{request.tokens}: {problem}",
            expected=str(alone.tokens),
        )


@pytest.mark.task("11.5")
def test_a_real_model_that_is_short_of_everything():
    engine = real(5, 4, max_memory_tokens=48, headroom=0, max_batched_tokens=7)
    requests = [ask(f"{number}", [*TEXT[: 4 + 3 * (number % 4)], number], 10) for number in range(7)]
    events = serve(engine, *requests)
    expect_true(
        any(isinstance(event, PreemptedEvent) for event in events),
        asked="memory is too small for all: a request is sent back",
        case="seven requests, memory for 48",
        got="nobody",
        expected="somebody",
    )
    for request in requests:
        alone = serve_alone(MODEL, request.prompt, request.max_tokens)
        problem = agrees(request.tokens, alone)
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone",
            case=f"five blocks of 4, memory for 48, 7 tokens a step; request {request.id}",
            got=f"{request.tokens}: {problem}",
            expected=str(alone.tokens),
        )
