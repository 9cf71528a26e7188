"""Day 5 · The batched KV cache: one request that grows, and many that come and go."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_batch.kv_cache import GROWTH, BatchingKvCache, TinyKvCache
from tiny_batch_kit.grading.expect import expect_equal, expect_raises, expect_true
from tiny_batch_kit.model.attention import attend_with
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)
HEADS, WIDTH = 2, 3
POISON = 1e9


def block(positions: int, start: float, rows: int = 1) -> mx.array:
    """Numbers that all differ, (rows, HEADS, positions, WIDTH), counted from `start`."""
    count = rows * HEADS * positions * WIDTH
    return start + mx.arange(count, dtype=mx.float32).reshape(rows, HEADS, positions, WIDTH)


def prefilled(positions: int, start: float = 0.0) -> TinyKvCache:
    """A request that has stored so many positions: keys from `start`, values from `start` + 5000."""
    cache = TinyKvCache()
    cache.keys, cache.values, cache.offset = block(positions, start), block(positions, start + 5000), positions
    return cache


def poisoned(slots: int, positions: int) -> BatchingKvCache:
    """A cache whose slots were all used before, and are free again: every number that is left is POISON."""
    cache = BatchingKvCache(slots, positions)
    cache.keys = mx.full((slots, HEADS, positions, WIDTH), POISON)
    cache.values = mx.full((slots, HEADS, positions, WIDTH), POISON)
    return cache


def seat(cache: BatchingKvCache, slot: int, positions: int, start: float) -> None:
    """Put a request into a slot without Task 5.2."""
    keys, values = np.array(cache.keys), np.array(cache.values)
    keys[slot, :, :positions] = np.array(block(positions, start))[0]
    values[slot, :, :positions] = np.array(block(positions, start + 5000))[0]
    cache.keys, cache.values, cache.offsets[slot] = mx.array(keys), mx.array(values), positions


def stored(cache: BatchingKvCache, slot: int) -> Any:
    """The keys that a slot's request has stored, (HEADS, positions, WIDTH)."""
    assert cache.keys is not None
    return cache.keys[slot, :, : cache.offsets[slot]]


# Task 5.1


@pytest.mark.task("5.1")
def test_the_first_positions_come_back():
    cache = TinyKvCache()
    keys, values = cache.update_and_fetch(block(4, 0), block(4, 500))
    case = "4 positions into an empty cache"
    expect_equal(keys, block(4, 0), asked="the keys that were given", case=case)
    expect_equal(values, block(4, 500), asked="the values that were given", case=case)
    expect_equal(cache.offset, 4, asked="offset: how many positions are stored", case=case)


@pytest.mark.task("5.1")
def test_later_positions_come_behind_those_before():
    cache = TinyKvCache()
    cache.update_and_fetch(block(4, 0), block(4, 500))
    keys, values = cache.update_and_fetch(block(1, 100), block(1, 600))
    case = "4 positions, then 1"
    expect_equal(keys, mx.concatenate([block(4, 0), block(1, 100)], axis=2), asked="all keys, in order", case=case)
    expect_equal(
        values, mx.concatenate([block(4, 500), block(1, 600)], axis=2), asked="all values, in order", case=case
    )


@pytest.mark.task("5.1")
def test_what_is_returned_holds_no_empty_positions():
    cache = TinyKvCache()
    cache.update_and_fetch(block(3, 0), block(3, 500))
    keys, values = cache.update_and_fetch(block(1, 100), block(1, 600))
    expect_equal(
        [keys.shape, values.shape],
        [(1, HEADS, 4, WIDTH)] * 2,
        asked="(1, Hkv, offset, Dh): the room behind must not be returned",
        case="3 positions, then 1",
    )


@pytest.mark.task("5.1")
def test_storage_grows_by_steps():
    cache = TinyKvCache()
    capacities = []
    for position in range(3 * GROWTH):
        cache.update_and_fetch(block(1, position), block(1, position))
        capacities.append(cache.keys.shape[2] if cache.keys is not None else 0)
    seen = sorted(set(capacities))
    expect_true(
        seen == [GROWTH, 2 * GROWTH, 3 * GROWTH],
        asked="the storage grows by multiples of GROWTH, so that most appends copy nothing",
        case=f"{3 * GROWTH} positions, one by one",
        got=f"{len(seen)} different capacities: {str(seen[:5])[1:-1]}{', …' if len(seen) > 5 else ''}",
        expected=f"3: {GROWTH}, {2 * GROWTH}, {3 * GROWTH}",
    )


@pytest.mark.task("5.1")
def test_storage_is_kept_while_there_is_room():
    cache = TinyKvCache()
    cache.update_and_fetch(block(3, 0), block(3, 500))
    assert cache.keys is not None
    marked = np.array(cache.keys)
    marked[:, :, 10:] = POISON
    cache.keys = mx.array(marked)
    cache.update_and_fetch(block(1, 100), block(1, 600))
    expect_true(
        bool(mx.all(cache.keys[:, :, 10:] == POISON)),
        asked="appending writes the new positions, and nothing else: the room behind them stays as it is",
        case=f"3 positions, the unused room from position 10 on is marked, 1 more; room for {GROWTH}",
        got="the storage was made anew",
        expected="the same storage",
    )


@pytest.mark.task("5.1")
def test_numbers_keep_their_type():
    cache = TinyKvCache()
    keys, _ = cache.update_and_fetch(block(3, 0).astype(mx.float16), block(3, 0).astype(mx.float16))
    expect_equal(str(keys.dtype), str(mx.float16), asked="the dtype that was given", case="keys of 16 bits")


@pytest.mark.task("5.1")
def test_a_prompt_may_need_several_steps_of_room():
    cache = TinyKvCache()
    length = 2 * GROWTH + 5
    keys, _ = cache.update_and_fetch(block(length, 0), block(length, 9))
    case = f"{length} positions at once"
    expect_equal(keys, block(length, 0), asked="all of them", case=case)
    expect_equal(cache.keys.shape[2] if cache.keys is not None else 0, 3 * GROWTH, asked="room for them", case=case)


@pytest.mark.task("5.1")
@pytest.mark.parametrize(("length", "room"), [(GROWTH, GROWTH), (GROWTH + 1, 2 * GROWTH)], ids=["full", "one-more"])
def test_storage_is_rounded_up_and_no_further(length: int, room: int):
    cache = TinyKvCache()
    cache.update_and_fetch(block(length, 0), block(length, 9))
    expect_equal(
        cache.keys.shape[2] if cache.keys is not None else 0,
        room,
        asked="the smallest multiple of GROWTH that holds them",
        case=f"{length} positions at once, GROWTH {GROWTH}",
    )


@pytest.mark.task("5.1")
@given(st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_any_pieces_add_up(lengths: list[int]):
    cache = TinyKvCache()
    keys = [block(length, 1000 * index) for index, length in enumerate(lengths)]
    values = [block(length, 1000 * index + 7) for index, length in enumerate(lengths)]
    for key, value in zip(keys, values, strict=True):
        got = cache.update_and_fetch(key, value)
    case = f"pieces of {lengths} positions"
    expect_equal(got[0], mx.concatenate(keys, axis=2), asked="all keys so far, in order", case=case)
    expect_equal(got[1], mx.concatenate(values, axis=2), asked="all values so far, in order", case=case)


@pytest.mark.task("5.1")
def test_the_model_answers_through_it():
    prompt, limit = [3, 1, 4, 1, 5], 70
    alone = serve_alone(MODEL, prompt, limit)
    caches = [TinyKvCache() for _ in range(MODEL.config.num_layers)]
    tokens, fed = [], prompt
    while len(tokens) < limit:
        start = caches[0].offset
        positions = mx.arange(start, start + len(fed), dtype=mx.int32)
        mask = mx.arange(start + len(fed))[None, :] <= positions[:, None]
        hidden = MODEL(mx.array([fed], dtype=mx.int32), positions[None], attend_with(caches, mask))
        fed = [int(np.array(mx.argmax(MODEL.logits(hidden[0, -1]))))]
        tokens += fed
    problem = agrees(tokens, alone)
    expect_true(
        problem is None,
        asked="a model that reads and writes through your cache answers as ever",
        case="one request of 5 tokens and 70 new ones on the tiny model",
        got=str(problem),
        expected=str(alone.tokens[:10]),
    )


# Task 5.2


@pytest.mark.task("5.2")
def test_a_request_is_copied_into_its_slot():
    cache = BatchingKvCache(3, 16)
    cache.add_request(prefilled(5), 1)
    case = "a request of 5 positions into slot 1 of 3"
    expect_equal(cache.offsets, [None, 5, None], asked="the slot's offset is the request's", case=case)
    expect_equal(stored(cache, 1), block(5, 0)[0], asked="its keys", case=case)
    expect_equal(cache.values[1, :, :5], block(5, 5000)[0], asked="its values", case=case)


@pytest.mark.task("5.2")
def test_storage_is_allocated_once():
    cache = BatchingKvCache(3, 16)
    shapes = []
    for slot in (2, 0):
        cache.add_request(prefilled(4 + slot), slot)
        shapes += [cache.keys.shape, cache.values.shape]
    expect_equal(
        shapes,
        [(3, HEADS, 16, WIDTH)] * 4,
        asked="storage of (max_active_requests, Hkv, max_seq_len, Dh) from the first request on",
        case="two requests into a cache of 3 slots of 16 positions",
    )


@pytest.mark.task("5.2")
def test_requests_do_not_touch_each_other():
    cache = BatchingKvCache(3, 16)
    for slot, length in ((2, 7), (0, 3), (1, 16)):
        cache.add_request(prefilled(length, 100 * slot), slot)
    case = "requests of 7, 3 and 16 positions into slots 2, 0 and 1"
    expect_equal(cache.offsets, [3, 16, 7], asked="each slot's own offset", case=case)
    for slot, length in ((2, 7), (0, 3), (1, 16)):
        expect_equal(
            stored(cache, slot), block(length, 100 * slot)[0], asked=f"slot {slot} keeps its own keys", case=case
        )


@pytest.mark.task("5.2")
def test_the_prefilled_cache_stays_as_it_is():
    one = TinyKvCache()
    one.keys, one.values, one.offset = block(8, 0), block(8, 5000), 5
    cache = BatchingKvCache(2, 16)
    cache.add_request(one, 0)
    case = "a request of 5 positions, in storage of 8"
    expect_equal((one.offset, one.keys), (5, block(8, 0)), asked="(offset, keys) of the prefilled cache", case=case)
    expect_equal(
        stored(cache, 0), block(8, 0)[0, :, :5], asked="the slot gets the 5 positions that are used", case=case
    )


@pytest.mark.task("5.2")
def test_no_more_is_copied_than_the_request_has():
    one = TinyKvCache()
    one.keys, one.values, one.offset = block(8, 0), block(8, 5000), 5
    cache = poisoned(2, 16)
    cache.add_request(one, 0)
    expect_true(
        bool(mx.all(cache.keys[0, :, 5:] == POISON)),
        asked="as many positions as the request has are written, and no more",
        case="a request of 5 positions, in storage of 8, into a slot of 16",
        got="positions behind the fifth have changed",
        expected="none has",
    )


@pytest.mark.task("5.2")
def test_a_request_of_another_model_is_refused():
    cache = BatchingKvCache(2, 16)
    cache.add_request(prefilled(5), 0)
    other = TinyKvCache()
    other.keys = other.values = mx.zeros((1, HEADS + 1, 3, WIDTH))
    other.offset = 3
    case = f"slots with {HEADS} heads, and a request with {HEADS + 1}"
    expect_raises(ValueError, lambda: cache.add_request(other, 1), asked="a ValueError", case=case)
    expect_equal(cache.offsets, [5, None], asked="nothing has changed: the slot stays free", case=case)


@pytest.mark.task("5.2")
def test_leaving_writes_nothing():
    cache = BatchingKvCache(2, 16)
    cache.add_request(prefilled(5), 0)
    before = np.array(cache.keys)
    cache.remove_request(0)
    case = "a request of 5 positions leaves, the only one there was"
    expect_equal(cache.offsets, [None, None], asked="its slot is free", case=case)
    expect_true(
        cache.keys is not None and bool(np.array_equal(np.array(cache.keys), before)),
        asked="what it held stays where it is: a departure costs nothing",
        case=case,
        got="the storage has changed",
        expected="the same numbers",
    )


@pytest.mark.task("5.2")
def test_a_taken_slot_is_refused():
    cache = BatchingKvCache(2, 16)
    cache.add_request(prefilled(5), 1)
    case = "slot 1 holds a request of 5 positions, and gets another"
    expect_raises(
        ValueError,
        lambda: cache.add_request(prefilled(9, 300), 1),
        asked="a ValueError naming the slot",
        case=case,
        mentions=["1"],
    )
    expect_equal(cache.offsets, [None, 5], asked="nothing has changed", case=case)
    expect_equal(stored(cache, 1), block(5, 0)[0], asked="the first request's keys are still there", case=case)


@pytest.mark.task("5.2")
def test_a_request_that_is_too_long_is_refused():
    cache = BatchingKvCache(2, 8)
    case = "a request of 9 positions into slots of 8"
    expect_raises(
        ValueError, lambda: cache.add_request(prefilled(9), 0), asked="a ValueError", case=case, mentions=["9", "8"]
    )
    expect_equal(cache.offsets, [None, None], asked="the slot stays free", case=case)


@pytest.mark.task("5.2")
def test_a_request_may_fill_its_slot():
    cache = BatchingKvCache(2, 8)
    cache.add_request(prefilled(8), 0)
    expect_equal(cache.offsets, [8, None], asked="8 positions fit in 8", case="a request of 8 positions, slots of 8")


@pytest.mark.task("5.2")
def test_an_empty_cache_is_refused():
    cache = BatchingKvCache(2, 8)
    case = "a cache through which nothing has run"
    expect_raises(ValueError, lambda: cache.add_request(TinyKvCache(), 0), asked="a ValueError", case=case)
    expect_equal(cache.offsets, [None, None], asked="the slot stays free", case=case)


@pytest.mark.task("5.2")
def test_a_slot_is_freed_and_used_again():
    cache = BatchingKvCache(2, 16)
    cache.add_request(prefilled(9), 0)
    cache.add_request(prefilled(6, 700), 1)
    cache.remove_request(0)
    case = "slot 0 held 9 positions and is freed; slot 1 holds 6"
    expect_equal(cache.offsets, [None, 6], asked="slot 0 is free, slot 1 untouched", case=case)
    cache.add_request(prefilled(2, 400), 0)
    expect_equal(cache.offsets, [2, 6], asked="a new request of 2 positions in slot 0", case=case)
    expect_equal(stored(cache, 0), block(2, 400)[0], asked="its keys", case=case)
    expect_equal(stored(cache, 1), block(6, 700)[0], asked="the neighbour's keys", case=case)


@pytest.mark.task("5.2")
def test_a_free_slot_can_not_be_freed():
    cache = BatchingKvCache(2, 16)
    cache.add_request(prefilled(3), 0)
    cache.remove_request(0)
    expect_raises(
        ValueError, lambda: cache.remove_request(0), asked="a ValueError", case="slot 0 is freed twice", mentions=["0"]
    )


# Task 5.3


@pytest.mark.task("5.3")
def test_each_row_writes_at_its_own_offset():
    cache = poisoned(3, 16)
    for slot, length in ((0, 5), (1, 2), (2, 9)):
        seat(cache, slot, length, 1000 * slot)
    keys, values = cache.update_and_fetch(block(1, 100, rows=3), block(1, 200, rows=3))
    case = "slots with 5, 2 and 9 positions, one more each"
    expect_equal(cache.offsets, [6, 3, 10], asked="each slot one position further", case=case)
    for slot, length in ((0, 5), (1, 2), (2, 9)):
        whole = mx.concatenate([block(length, 1000 * slot)[0], block(1, 100, rows=3)[slot]], axis=1)
        expect_equal(
            keys[slot, :, : length + 1], whole, asked=f"slot {slot}: its {length} keys, then the new one", case=case
        )
        expect_equal(
            values[slot, :, length], block(1, 200, rows=3)[slot, :, 0], asked=f"slot {slot}: its new value", case=case
        )


@pytest.mark.task("5.3")
def test_what_comes_back_is_as_wide_as_the_longest():
    cache = poisoned(3, 64)
    seat(cache, 0, 5, 0)
    seat(cache, 2, 9, 0)
    keys, values = cache.update_and_fetch(block(1, 0, rows=3), block(1, 0, rows=3))
    expect_equal(
        [keys.shape, values.shape],
        [(3, HEADS, 10, WIDTH)] * 2,
        asked="(max_active_requests, Hkv, longest, Dh): a step pays for the longest live request, not for max_seq_len",
        case="slots of 64 positions; live ones get to 6 and 10",
    )


@pytest.mark.task("5.3")
def test_a_request_that_left_does_not_count_for_the_width():
    cache = poisoned(2, 64)
    seat(cache, 0, 50, 0)
    seat(cache, 1, 4, 0)
    cache.offsets[0] = None
    keys, _ = cache.update_and_fetch(block(1, 0, rows=2), block(1, 0, rows=2))
    expect_equal(
        keys.shape[2], 5, asked="the width of the longest live request", case="slot 0 with 50 positions was freed"
    )


@pytest.mark.task("5.3")
def test_free_slots_are_written_nowhere():
    cache = poisoned(3, 8)
    seat(cache, 1, 2, 0)
    cache.update_and_fetch(block(1, 0, rows=3), block(1, 0, rows=3))
    case = "slots 0 and 2 are free, slot 1 decodes"
    for slot in (0, 2):
        expect_true(
            bool(mx.all(cache.keys[slot] == POISON) & mx.all(cache.values[slot] == POISON)),
            asked=f"slot {slot} is free, so it stays as it was",
            case=case,
            got=f"{int(mx.sum(cache.keys[slot] != POISON))} numbers of its keys have changed",
            expected="none",
        )
    expect_equal(cache.offsets, [None, 3, None], asked="free slots stay free", case=case)


@pytest.mark.task("5.3")
def test_only_the_new_position_is_written():
    cache = poisoned(2, 8)
    seat(cache, 0, 2, 0)
    seat(cache, 1, 5, 0)
    cache.update_and_fetch(block(1, 70, rows=2), block(1, 80, rows=2))
    expect_true(
        bool(mx.all(cache.keys[0, :, 3:] == POISON) & mx.all(cache.keys[1, :, 6:] == POISON)),
        asked="a step writes one position per row, and nothing behind it",
        case="slots with 2 and 5 of 8 positions, one more each",
        got="more than one position of a row has changed",
        expected="one",
    )


@pytest.mark.task("5.3")
def test_several_positions_at_once():
    cache = poisoned(3, 16)
    seat(cache, 0, 5, 0)
    seat(cache, 2, 1, 400)
    new = block(3, 100, rows=3)
    keys, _ = cache.update_and_fetch(new, new)
    case = "slots 0 and 2 with 5 and 1 positions, 3 more each"
    expect_equal(cache.offsets, [8, None, 4], asked="each live slot 3 further", case=case)
    expect_equal(keys[0, :, 5:8], new[0], asked="slot 0: the new keys at 5, 6, 7", case=case)
    expect_equal(keys[2, :, 1:4], new[2], asked="slot 2: the new keys at 1, 2, 3", case=case)


@pytest.mark.task("5.3")
def test_no_request_grows_beyond_its_slot():
    cache = poisoned(3, 8)
    for slot, length in ((0, 3), (1, 8), (2, 5)):
        seat(cache, slot, length, 100 * slot)
    before = (cache.keys.tolist(), cache.values.tolist())
    case = "slots of 8 positions with 3, 8 and 5, one more each"
    expect_raises(
        ValueError,
        lambda: cache.update_and_fetch(block(1, 0, rows=3), block(1, 0, rows=3)),
        asked="a ValueError that says how long a slot is",
        case=case,
        mentions=["8"],
    )
    expect_equal(cache.offsets, [3, 8, 5], asked="after the error nothing has changed: no offset", case=case)
    expect_true(
        (cache.keys.tolist(), cache.values.tolist()) == before,
        asked="after the error nothing has changed: no key, no value",
        case=case,
        got="some numbers differ",
        expected="the same as before",
    )


@pytest.mark.task("5.3")
def test_the_last_position_can_be_filled():
    cache = poisoned(2, 8)
    seat(cache, 0, 7, 0)
    cache.update_and_fetch(block(1, 0, rows=2), block(1, 0, rows=2))
    expect_equal(cache.offsets, [8, None], asked="8 positions fit in 8", case="a slot of 8 with 7, one more")


@pytest.mark.task("5.3")
def test_several_positions_fit_or_do_not():
    cache = poisoned(2, 8)
    seat(cache, 0, 5, 100)
    seat(cache, 1, 2, 0)
    case = "slots of 8 positions with 5 and 2"
    expect_raises(
        ValueError,
        lambda: cache.update_and_fetch(block(4, 0, rows=2), block(4, 0, rows=2)),
        asked="a ValueError: 5 and 4 more are 9",
        case=f"{case}, 4 more each",
        mentions=["8"],
    )
    expect_equal(cache.offsets, [5, 2], asked="after the error nothing has changed: no offset", case=case)
    _, values = cache.update_and_fetch(block(3, 0, rows=2), block(3, 700, rows=2))
    expect_equal(cache.offsets, [8, 5], asked="5 and 3 more are 8: they fit", case=f"{case}, 3 more each")
    expect_equal(values[0, :, 5:], block(3, 700, rows=2)[0], asked="slot 0: the new values at 5, 6, 7", case=case)


@pytest.mark.task("5.3")
def test_a_batch_without_requests_is_an_error():
    cache = poisoned(2, 8)
    expect_raises(
        ValueError,
        lambda: cache.update_and_fetch(block(1, 0, rows=2), block(1, 0, rows=2)),
        asked="a ValueError that says that no slot holds a request",
        case="two free slots",
        mentions=["slot"],
    )


@pytest.mark.task("5.3")
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), max_size=14))
def test_coming_going_and_decoding_in_any_order(moves: list[tuple[int, int]]):
    cache = BatchingKvCache(3, 10)
    should: dict[int, list[Any]] = {}
    for step, (slot, length) in enumerate(moves):
        if slot in should and length % 2:
            cache.remove_request(slot)
            del should[slot]
        elif slot not in should:
            cache.add_request(prefilled(length, 10_000 * step), slot)
            should[slot] = np.array(block(length, 10_000 * step))[0].swapaxes(0, 1).tolist()
        if should and max(map(len, should.values())) < 10:
            new = block(1, 10_000 * step + 777, rows=3)
            keys, _ = cache.update_and_fetch(new, new)
            for live, rows in should.items():
                rows.append(np.array(new)[live, :, 0].tolist())
                expect_equal(
                    keys[live, :, : len(rows)].swapaxes(0, 1),
                    rows,
                    asked=f"the keys of slot {live}, in order",
                    case=f"{moves[: step + 1]}: (slot, positions), a taken slot is freed if that is odd",
                )
    expect_equal(
        cache.offsets,
        [len(should[slot]) if slot in should else None for slot in range(3)],
        asked="the offsets at the end",
        case=f"(slot, positions) {moves}",
    )


@pytest.mark.task("5.3")
def test_requests_decode_together_as_if_alone():
    prompts = {0: [3, 1, 4, 1, 5, 9, 2], 2: [6, 5], 3: [8, 9, 7, 9]}
    layers = MODEL.config.num_layers
    caches = [BatchingKvCache(4, 32) for _ in range(layers)]
    last: list[int] = [0, 0, 0, 0]
    answers: dict[int, list[int]] = {}
    for slot, prompt in prompts.items():
        own = [TinyKvCache() for _ in range(layers)]
        columns = mx.arange(len(prompt), dtype=mx.int32)
        hidden = MODEL(mx.array([prompt]), columns[None], attend_with(own, columns[None] <= columns[:, None]))
        last[slot] = int(np.array(mx.argmax(MODEL.logits(hidden[0, -1]))))
        answers[slot] = [last[slot]]
        for cache, one in zip(caches, own, strict=True):
            cache.add_request(one, slot)
    for _ in range(9):
        offset = caches[0].offset
        mask = mx.arange(caches[0].longest + 1)[None, None] <= offset[:, None, None]
        hidden = MODEL(mx.array(last)[:, None], offset[:, None], attend_with(caches, mask))
        last = np.array(mx.argmax(MODEL.logits(hidden[:, 0]), axis=-1)).tolist()
        for slot, tokens in answers.items():
            tokens.append(last[slot])
    for slot, prompt in prompts.items():
        problem = agrees(answers[slot], serve_alone(MODEL, prompt, 10))
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone",
            case=f"prompts of 7, 2 and 4 tokens in slots 0, 2 and 3 of 4; slot {slot}",
            got=str(problem),
            expected="the same tokens",
        )
