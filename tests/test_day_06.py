"""Day 6 · Slots and masks: who sits where, who may look at what, and mlx-lm's own model on your cache."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlx_lm.models import qwen2
from mlx_lm.models.cache import KVCache

from tiny_batch.kv_cache import BatchingKvCache, TinyKvCache
from tiny_batch.masks import MlxLmCache, causal_mask, create_batch_mask
from tiny_batch.slots import SlotManager
from tiny_batch_kit.grading.expect import expect_equal, expect_raises, expect_true
from tiny_batch_kit.model.attention import attend_with, attention
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)


def ones(mask: mx.array) -> mx.array:
    """A mask as 0 and 1, as the messages show it."""
    return mask.astype(mx.int32)


# Task 6.1


@pytest.mark.task("6.1")
def test_the_lowest_slot_comes_first():
    slots = SlotManager(3)
    expect_equal(
        [slots.allocate_slot(name) for name in ("a", "b", "c")],
        [0, 1, 2],
        asked="the lowest free slot each time",
        case="requests a, b, c and 3 slots",
    )


@pytest.mark.task("6.1")
def test_no_slot_is_none_and_no_error():
    slots = SlotManager(2)
    slots.allocate_slot("a")
    slots.allocate_slot("b")
    case = "requests a, b, c and 2 slots"
    expect_equal(slots.allocate_slot("c"), None, asked="None: having no room is no mistake", case=case)
    expect_equal(slots.slot_of, {"a": 0, "b": 1}, asked="nothing has changed: which request has which slot", case=case)
    slots.free_slot("a")
    expect_equal(slots.allocate_slot("c"), 0, asked="c gets the slot that a leaves", case=case)


@pytest.mark.task("6.1")
def test_a_freed_slot_is_given_out_again_lowest_first():
    slots = SlotManager(5)
    for name in "abcde":
        slots.allocate_slot(name)
    for name in "dbc":
        slots.free_slot(name)
    expect_equal(
        [slots.allocate_slot(name) for name in "xyz"],
        [1, 2, 3],
        asked="the lowest free slot first, whichever was freed last",
        case="five slots are taken; 3, 1 and 2 are freed in this order; then x, y, z",
    )


@pytest.mark.task("6.1")
def test_freeing_says_which_slot_it_was():
    slots = SlotManager(3)
    slots.allocate_slot("a")
    slots.allocate_slot("b")
    expect_equal(slots.free_slot("b"), 1, asked="the slot that was the request's", case="b had slot 1")
    expect_equal(
        (slots.slot_of, slots.num_free), ({"a": 0}, 2), asked="(slot of each id, free slots)", case="b is freed"
    )


@pytest.mark.task("6.1")
def test_a_second_slot_for_one_request_is_an_error():
    slots = SlotManager(3)
    slots.allocate_slot("a")
    case = "request a has slot 0 and asks again"
    expect_raises(
        ValueError, lambda: slots.allocate_slot("a"), asked="a ValueError naming it", case=case, mentions=["a"]
    )
    expect_equal((slots.slot_of, slots.num_free), ({"a": 0}, 2), asked="nothing has changed: (slots, free)", case=case)


@pytest.mark.task("6.1")
def test_a_second_slot_is_an_error_also_when_all_are_taken():
    slots = SlotManager(1)
    slots.allocate_slot("a")
    expect_raises(
        ValueError,
        lambda: slots.allocate_slot("a"),
        asked="a ValueError, not None: waiting would not help it",
        case="one slot, which request a has; a asks again",
        mentions=["a"],
    )


@pytest.mark.task("6.1")
@pytest.mark.parametrize("freed_before", [False, True], ids=["never-had-one", "freed-before"])
def test_freeing_what_is_not_taken_is_an_error(freed_before: bool):
    slots = SlotManager(2)
    slots.allocate_slot("a")
    if freed_before:
        slots.allocate_slot("b")
        slots.free_slot("b")
    case = f"request b {'was freed before' if freed_before else 'never had a slot'}"
    expect_raises(ValueError, lambda: slots.free_slot("b"), asked="a ValueError naming it", case=case, mentions=["b"])
    expect_equal(
        [slots.allocate_slot(name) for name in "xy"],
        [1, None],
        asked="there are still two slots, one of them taken: what x and y get",
        case=case,
    )


@pytest.mark.task("6.1")
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=40))
@example([(True, 6), (True, 5), (True, 4), (True, 3), (True, 2), (False, 4), (True, 1), (True, 0)])
@example([(True, 1), (True, 0), (True, 2), (False, 1), (False, 2), (True, 5), (True, 6)])
def test_slots_are_never_lost_or_shared(moves: list[tuple[bool, int]]):
    slots, held = SlotManager(4), dict[str, int]()
    for step, (arrives, number) in enumerate(moves):
        name, case = f"r{number}", f"{moves[: step + 1]}: (arrives or leaves, request)"
        if arrives and name not in held:
            free = sorted(set(range(4)) - set(held.values()))
            got = slots.allocate_slot(name)
            expect_equal(got, free[0] if free else None, asked="the lowest free slot, None if there is none", case=case)
            if got is not None:
                held[name] = got
        elif not arrives and name in held:
            expect_equal(slots.free_slot(name), held.pop(name), asked="the slot that it had", case=case)
        expect_equal(
            (slots.slot_of, slots.num_free),
            (held, 4 - len(held)),
            asked="(slot of each id, free slots)",
            case=case,
        )


# Task 6.2


@pytest.mark.task("6.2")
def test_a_prompt_looks_back():
    expect_equal(
        ones(causal_mask(3, 0)),
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]],
        asked="each token looks at those before it and at itself (1 = may look)",
        case="3 new tokens, nothing stored",
    )


@pytest.mark.task("6.2")
def test_a_chunk_looks_at_all_that_is_stored():
    expect_equal(
        ones(causal_mask(2, 3)),
        [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]],
        asked="(n, offset + n): all stored keys, the new ones before it, itself",
        case="2 new tokens behind 3 stored ones",
    )


@pytest.mark.task("6.2")
def test_a_single_token_looks_at_everything():
    expect_equal(
        ones(causal_mask(1, 4)), [[1, 1, 1, 1, 1]], asked="(1, offset + 1), all 1", case="1 new token behind 4"
    )


@pytest.mark.task("6.2")
def test_each_slot_looks_at_its_own_past():
    expect_equal(
        ones(create_batch_mask([3, 0, 1], n=1, max_len=4)),
        [[[1, 1, 1, 1]], [[1, 0, 0, 0]], [[1, 1, 0, 0]]],
        asked="(B, n, max_len): a slot's stored positions and the new one",
        case="slots with 3, 0 and 1 stored positions, one new token each, 4 key positions",
    )


@pytest.mark.task("6.2")
def test_a_free_slot_looks_at_one_key():
    expect_equal(
        ones(create_batch_mask([2, None], n=1, max_len=3)),
        [[[1, 1, 1]], [[1, 0, 0]]],
        asked="position 0 alone for a free slot: a row without a legal key would be NaN",
        case="slot 0 with 2 stored positions, slot 1 free",
    )


@pytest.mark.task("6.2")
def test_several_new_tokens_look_at_each_other():
    expect_equal(
        ones(create_batch_mask([2, None, 0], n=2, max_len=5)),
        [[[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], [[1, 0, 0, 0, 0], [1, 0, 0, 0, 0]], [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]]],
        asked="query i of a slot looks at positions 0 to offset + i; all queries of a free slot at position 0",
        case="slots with 2 stored positions, free, and 0; two new tokens each; 5 key positions",
    )


@pytest.mark.task("6.2")
def test_more_keys_than_anybody_needs():
    expect_equal(
        ones(create_batch_mask([1], n=1, max_len=6)),
        [[[1, 1, 0, 0, 0, 0]]],
        asked="keys behind a slot's own are not its own, whatever lies there",
        case="one slot with 1 stored position, 6 key positions",
    )


@pytest.mark.task("6.2")
def test_masks_are_bool():
    expect_equal(
        [str(causal_mask(2, 1).dtype), str(create_batch_mask([1, None], 1, 3).dtype)],
        [str(mx.bool_)] * 2,
        asked="bool, True where a query may look",
        case="causal_mask(2, 1) and create_batch_mask([1, None], 1, 3)",
    )


@pytest.mark.task("6.2")
@given(
    offsets=st.lists(st.none() | st.integers(0, 6), min_size=1, max_size=4),
    n=st.integers(1, 3),
    spare=st.integers(0, 3),
)
def test_any_batch_against_its_definition(offsets: list[int | None], n: int, spare: int):
    width = max((offset for offset in offsets if offset is not None), default=0) + n + spare
    expected = [
        [[int(key <= (0 if offset is None else offset + query)) for key in range(width)] for query in range(n)]
        for offset in offsets
    ]
    expect_equal(
        ones(create_batch_mask(offsets, n, width)),
        expected,
        asked="a live slot's query i looks at positions 0 to offset + i; a free slot's at 0",
        case=f"offsets {offsets}, {n} new tokens, {width} key positions",
    )


@pytest.mark.task("6.2")
def test_no_row_is_ever_nan_and_stale_numbers_are_not_read():
    offsets, width = [2, None, 4], 5
    rng = np.random.default_rng(0)
    keys = mx.array(rng.standard_normal((3, 1, width, 4)).astype(np.float32))
    queries = mx.array(rng.standard_normal((3, 1, 1, 4)).astype(np.float32))
    stale = mx.array([[key > (offset if offset is not None else 0) for key in range(width)] for offset in offsets])
    poison = mx.where(stale[:, None, :, None], 1e9, keys)
    mask = create_batch_mask(offsets, 1, width)
    clean, dirty = attention(queries, keys, keys, mask), attention(queries, poison, poison, mask)
    case = "slots with 2 positions, free, and 4; every number behind a slot's own is a billion"
    expect_true(
        bool(mx.all(mx.isfinite(dirty))),
        asked="every row reads a number, also a free one",
        case=case,
        got=f"rows that are finite: {[bool(mx.all(mx.isfinite(row))) for row in dirty]}",
        expected="all",
    )
    expect_equal(dirty, clean, asked="what others have left behind changes nothing", case=case)


# Task 6.3


def their_model() -> Any:
    """mlx-lm's own Qwen2, small, with random weights."""
    mx.random.seed(7)
    model = qwen2.Model(
        qwen2.ModelArgs(
            model_type="qwen2",
            hidden_size=32,
            num_hidden_layers=2,
            intermediate_size=48,
            num_attention_heads=4,
            num_key_value_heads=2,
            rms_norm_eps=1e-6,
            vocab_size=60,
            rope_theta=1000.0,
            tie_word_embeddings=False,
        )
    )
    mx.eval(model.parameters())
    return model


THEIRS = their_model()


def run(model: Any, tokens: list[list[int]], caches: list[Any]) -> mx.array:
    """Logits, (B, L, V), of one forward pass through caches of yours."""
    return model(mx.array(tokens), cache=[MlxLmCache(cache) for cache in caches])


def alone(prompt: list[int], following: list[int]) -> list[mx.array]:
    """Their logits with their own cache: of the whole prompt, and of each token behind it."""
    caches = [KVCache() for _ in THEIRS.layers]
    return [THEIRS(mx.array([part]), cache=caches)[0] for part in [prompt, *([token] for token in following)]]


def expect_alike(got: mx.array, expected: mx.array, asked: str, case: str) -> None:
    """Fail unless two arrays of logits are equal but for rounding."""
    worst = float(mx.max(mx.abs(got - expected))) if got.shape == expected.shape else float("nan")
    expect_true(
        worst < 1e-4,
        asked=asked,
        case=case,
        got=f"shape {got.shape}, largest difference {worst:.3g}",
        expected=f"shape {expected.shape}, differences of rounding only",
    )


@pytest.mark.task("6.3")
def test_their_model_reads_a_prompt_into_your_cache():
    prompt = [3, 14, 15, 9, 26, 5]
    got = run(THEIRS, [prompt], [TinyKvCache() for _ in THEIRS.layers])
    expect_alike(
        got[0],
        alone(prompt, [])[0],
        asked="mlx-lm's Qwen2 gives the logits that it gives with its own cache",
        case="a prompt of 6 tokens, a TinyKvCache a layer",
    )


@pytest.mark.task("6.3")
def test_a_prompt_may_be_read_in_pieces():
    prompt = [3, 14, 15, 9, 26, 5, 35]
    caches: list[Any] = [TinyKvCache() for _ in THEIRS.layers]
    got = mx.concatenate([run(THEIRS, [prompt[a:b]], caches)[0] for a, b in ((0, 3), (3, 4), (4, 7))])
    expect_alike(
        got,
        alone(prompt, [])[0],
        asked="the same logits, whether a prompt is read at once or in pieces",
        case="a prompt of 7 tokens in pieces of 3, 1 and 3",
    )


@pytest.mark.task("6.3")
def test_the_mask_of_many_has_an_axis_for_heads():
    cache = BatchingKvCache(3, 8)
    cache.keys = cache.values = mx.zeros((3, 2, 8, 4))
    cache.offsets = [2, None, 4]
    mask = MlxLmCache(cache).make_mask(1)
    expect_equal(
        mask.shape,
        (3, 1, 1, 5),
        asked="(B, 1, n, S): S is what is stored after this pass",
        case="offsets 2, free, 4; n = 1",
    )


@pytest.mark.task("6.3")
def test_their_model_decodes_your_batch():
    prompts = {0: [3, 14, 15, 9, 26, 5], 2: [8, 9], 3: [7, 7, 7]}
    following = [11, 22, 33, 44]
    caches = [BatchingKvCache(4, 32) for _ in THEIRS.layers]
    for slot, prompt in prompts.items():
        own: list[Any] = [TinyKvCache() for _ in THEIRS.layers]
        mx.eval(run(THEIRS, [prompt], own))
        for cache, one in zip(caches, own, strict=True):
            cache.add_request(one, slot)
    for step, token in enumerate(following):
        got = run(THEIRS, [[token]] * 4, caches)
        for slot, prompt in prompts.items():
            expect_alike(
                got[slot],
                alone(prompt, following)[step + 1],
                asked="each slot gets the logits that its request gets alone, from a model that knows nothing of slots",
                case=f"prompts of 6, 2 and 3 tokens in slots 0, 2 and 3 of 4; decode step {step}, slot {slot}",
            )
        expect_true(
            bool(mx.all(mx.isfinite(got))),
            asked="the free slot is not NaN either",
            case=f"slot 1 is free, decode step {step}",
            got="NaN",
            expected="some number",
        )


@pytest.mark.task("6.3")
def test_the_course_model_decodes_the_same_batch():
    prompts = {1: [3, 1, 4, 1, 5, 9, 2], 2: [6, 5]}
    layers = MODEL.config.num_layers
    caches = [BatchingKvCache(3, 32) for _ in range(layers)]
    last, answers = [0, 0, 0], {slot: list[int]() for slot in prompts}
    for slot, prompt in prompts.items():
        own = [TinyKvCache() for _ in range(layers)]
        mask = MlxLmCache(own[0]).make_mask(len(prompt))
        hidden = MODEL(mx.array([prompt]), mx.arange(len(prompt))[None], attend_with(own, mask))
        last[slot] = int(np.array(mx.argmax(MODEL.logits(hidden[0, -1]))))
        answers[slot].append(last[slot])
        for cache, one in zip(caches, own, strict=True):
            cache.add_request(one, slot)
    for _ in range(7):
        mask = MlxLmCache(caches[0]).make_mask(1)[:, 0]
        hidden = MODEL(mx.array(last)[:, None], caches[0].offset[:, None], attend_with(caches, mask))
        last = np.array(mx.argmax(MODEL.logits(hidden[:, 0]), axis=-1)).tolist()
        for slot, tokens in answers.items():
            tokens.append(last[slot])
    for slot, prompt in prompts.items():
        problem = agrees(answers[slot], serve_alone(MODEL, prompt, 8))
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone",
            case=f"prompts of 7 and 2 tokens in slots 1 and 2 of 3; slot {slot}",
            got=str(problem),
            expected="the same tokens",
        )
