"""Day 2 · Static batching: unequal prompts in one rectangle, generated together."""

from collections.abc import Sequence

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.padding import bucket_by_length, left_pad, padded_positions, padding_mask, padding_waste
from tiny_batch.static import StaticResult, static_generate
from tiny_batch_kit.grading.expect import expect_close, expect_equal, expect_raises, expect_true
from tiny_batch_kit.model.attention import PaddedCache, attention
from tiny_batch_kit.model.oracle import Alone, agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)
UNEQUAL = [[11, 12, 13, 14, 15], [21], [31, 32, 33]]


# Task 2.1


@pytest.mark.task("2.1")
def test_every_prompt_ends_in_the_last_column():
    expect_equal(
        left_pad(UNEQUAL, pad_id=9),
        [[11, 12, 13, 14, 15], [9, 9, 9, 9, 21], [9, 9, 31, 32, 33]],
        asked="pads in front, so that the last column holds each prompt's last token",
        case="prompts of 5, 1 and 3 tokens, pad_id 9",
    )


@pytest.mark.task("2.1")
def test_equal_prompts_need_no_pad():
    expect_equal(
        left_pad([[1, 2], [3, 4]], pad_id=9),
        [[1, 2], [3, 4]],
        asked="a rectangle exactly as wide as the longest prompt",
        case="two prompts of 2 tokens",
    )


@pytest.mark.task("2.1")
def test_one_prompt_is_a_batch_of_one():
    expect_equal(left_pad([[7, 8, 9]], pad_id=0), [[7, 8, 9]], asked="(B, L) also for B = 1", case="one prompt")


@pytest.mark.task("2.1")
def test_the_rectangle_is_of_int32():
    expect_equal(
        str(left_pad(UNEQUAL, pad_id=0).dtype),
        str(mx.int32),
        asked="token ids are int32, as the model takes them",
        case="prompts of 5, 1 and 3 tokens",
    )


@pytest.mark.task("2.1")
def test_an_empty_prompt_is_an_error():
    expect_raises(
        ValueError,
        lambda: left_pad([[1, 2], []], pad_id=0),
        asked="a ValueError that says which prompt is empty",
        case="[[1, 2], []]: prompt 1 is empty",
        mentions=["1"],
    )


@pytest.mark.task("2.1")
def test_no_prompt_is_an_error():
    expect_raises(ValueError, lambda: left_pad([], pad_id=0), asked="a ValueError: nothing to pad", case="no prompt")


# Task 2.2


@pytest.mark.task("2.2")
def test_positions_count_the_real_tokens_from_zero():
    got = padded_positions([5, 1, 3], width=5)
    real = [row[-length:] for row, length in zip(got.tolist(), [5, 1, 3], strict=True)]
    expect_equal(
        real,
        [[0, 1, 2, 3, 4], [0], [0, 1, 2]],
        asked="each prompt's tokens are numbered from 0, as if it stood alone",
        case="the real tokens of rows of 5, 1 and 3 in a width of 5",
    )


@pytest.mark.task("2.2")
def test_pads_have_position_zero():
    got = padded_positions([5, 1, 3], width=5)
    expect_equal(
        [row[: 5 - length] for row, length in zip(got.tolist(), [5, 1, 3], strict=True)],
        [[], [0, 0, 0, 0], [0, 0]],
        asked="a pad gets position 0, never a negative one",
        case="the pads of rows of 5, 1 and 3 in a width of 5",
    )


@pytest.mark.task("2.2")
def test_a_rectangle_may_be_wider_than_its_longest_prompt():
    expect_equal(
        padded_positions([3, 1], width=5),
        [[0, 0, 0, 1, 2], [0, 0, 0, 0, 0]],
        asked="the real tokens fill the last columns of `width`, and are numbered from 0",
        case="rows of 3 and 1 tokens in a width of 5",
    )


@pytest.mark.task("2.2")
def test_nobody_looks_ahead():
    expect_equal(
        padding_mask([3], width=3).astype(mx.int32),
        [[[1, 0, 0], [1, 1, 0], [1, 1, 1]]],
        asked="a token looks at itself and at what came before it (1 = may look)",
        case="one row of 3 tokens in a width of 3; query down, key across",
    )


@pytest.mark.task("2.2")
def test_nobody_looks_at_a_pad():
    mask = padding_mask([2], width=4).astype(mx.int32)
    expect_equal(
        mask[:, 2:],
        [[[0, 0, 1, 0], [0, 0, 1, 1]]],
        asked="a real token looks at real tokens only (1 = may look)",
        case="2 tokens in a width of 4: columns 0 and 1 are pads; the queries of columns 2 and 3",
    )


@pytest.mark.task("2.2")
def test_a_prompt_behind_pads_reads_all_of_itself():
    mask = padding_mask([2], width=4).astype(mx.int32)
    expect_equal(
        mask[:, 2:, 2:],
        [[[1, 0], [1, 1]]],
        asked="the real tokens look at one another just as they would without pads (1 = may look)",
        case="2 tokens in a width of 4; the queries and keys of columns 2 and 3",
    )


@pytest.mark.task("2.2")
def test_a_pad_looks_at_itself():
    mask = padding_mask([2], width=4).astype(mx.int32)
    expect_equal(
        mask[:, :2],
        [[[1, 0, 0, 0], [0, 1, 0, 0]]],
        asked="a pad looks at itself alone: at no other pad, and never at nothing, for softmax over no key is NaN",
        case="2 tokens in a width of 4; the queries of the pads in columns 0 and 1",
    )


@pytest.mark.task("2.2")
def test_rows_of_one_batch_differ():
    expect_equal(
        padding_mask([3, 1], width=3)[:, -1].astype(mx.int32),
        [[1, 1, 1], [0, 0, 1]],
        asked="each row's mask follows its own length",
        case="rows of 3 and 1 tokens in a width of 3; the queries of the last column",
    )


@pytest.mark.task("2.2")
def test_a_decode_step_asks_with_the_last_column():
    expect_equal(
        padding_mask([4, 2], width=5, queries=1).astype(mx.int32),
        [[[0, 1, 1, 1, 1]], [[0, 0, 0, 1, 1]]],
        asked="`queries` = 1: the mask of the last column only, (B, 1, width)",
        case="rows of 4 and 2 tokens in a width of 5",
    )


@pytest.mark.task("2.2")
def test_a_padded_row_computes_what_it_computes_alone():
    prompt, pads = [31, 32, 33], [5, 6, 7, 8]
    alone = last_logits([prompt], [3])
    padded = last_logits([pads + prompt], [3])
    expect_true(
        bool(mx.allclose(alone, padded, atol=1e-4).item()),
        asked="the logits after a prompt don't depend on the pads in front of it",
        case="3 tokens alone, and the same 3 tokens after 4 pads",
        got=f"logits that differ by up to {mx.abs(alone - padded).max().item():.3g}",
        expected="the same logits",
    )


@pytest.mark.task("2.2")
def test_pads_make_no_nan():
    width, lengths = 6, [6, 1]
    queries = mx.ones((2, width, 2, 4))
    keys = values = mx.ones((2, 1, width, 4))
    out = attention(queries, keys, values, padding_mask(lengths, width))
    expect_true(
        not mx.isnan(out).any().item(),
        asked="attention has no NaN in any row, pads included",
        case="rows of 6 and 1 tokens in a width of 6",
        got="NaN in the result",
        expected="numbers only",
    )


def last_logits(rows: list[list[int]], lengths: list[int]) -> mx.array:
    """The logits after the last column of a rectangle, through the student's positions and mask."""
    width = len(rows[0])
    attend = PaddedCache(MODEL.config.num_layers).attend(padding_mask(lengths, width))
    hidden = MODEL(mx.array(rows, dtype=mx.int32), padded_positions(lengths, width), attend)
    return MODEL.logits(hidden[:, -1])


# Task 2.3


def run(prompts: Sequence[Sequence[int]], limits: int | list[int], eos: int | None = None) -> StaticResult:
    return static_generate(MODEL, prompts, limits, eos)


def expect_alone(result: StaticResult, prompts: Sequence[Sequence[int]], alone: list[Alone], case: str):
    expect_equal(len(result.tokens), len(prompts), asked="one list of tokens for each prompt", case=case)
    for row, (got, want) in enumerate(zip(result.tokens, alone, strict=True)):
        difference = agrees(got, want)
        expect_true(
            difference is None,
            asked="each row's tokens are those that the model gives its prompt alone",
            case=f"{case}; row {row}: {difference}",
            got=f"{got}",
            expected=f"{want.tokens}",
        )


def eos_of(prompt: list[int], step: int) -> int:
    """A token that serving `prompt` alone samples at `step` (counted from 0) and not before."""
    tokens = serve_alone(MODEL, prompt, step + 1).tokens
    assert tokens[step] not in tokens[:step], "the tiny model repeats itself here: choose another prompt"
    return tokens[step]


@pytest.mark.task("2.3")
def test_one_prompt_is_served():
    prompt = [3, 1, 4, 1, 5]
    expect_alone(run([prompt], 6), [prompt], [serve_alone(MODEL, prompt, 6)], "one prompt of 5 tokens, 6 new ones")


@pytest.mark.task("2.3")
def test_prompts_of_one_length_are_served_together():
    prompts = [[5, 6, 7], [8, 9, 10], [11, 12, 13]]
    alone = [serve_alone(MODEL, prompt, 5) for prompt in prompts]
    expect_alone(run(prompts, 5), prompts, alone, "three prompts of 3 tokens, 5 new ones each")


@pytest.mark.task("2.3")
def test_prompts_of_unequal_length_are_served_together():
    alone = [serve_alone(MODEL, prompt, 5) for prompt in UNEQUAL]
    expect_alone(run(UNEQUAL, 5), UNEQUAL, alone, "prompts of 5, 1 and 3 tokens, 5 new ones each")


@pytest.mark.task("2.3")
def test_a_prompt_may_contain_the_pad_token():
    prompts = [[0, 0, 5], [4, 0, 0, 0, 3, 2, 0]]
    alone = [serve_alone(MODEL, prompt, 4) for prompt in prompts]
    expect_alone(run(prompts, 4), prompts, alone, "token 0 is an ordinary token of both prompts")


@pytest.mark.task("2.3")
def test_two_prompts_with_the_same_text():
    prompts = [[7, 7, 8], [5], [7, 7, 8]]
    limits = [4, 2, 3]
    alone = [serve_alone(MODEL, prompt, limit) for prompt, limit in zip(prompts, limits, strict=True)]
    expect_alone(run(prompts, limits), prompts, alone, "rows 0 and 2 have the same prompt; limits 4, 2 and 3")


@pytest.mark.task("2.3")
def test_each_row_has_its_own_limit():
    limits = [6, 1, 3]
    result = run(UNEQUAL, limits)
    expect_equal(
        [len(row) for row in result.tokens],
        limits,
        asked="a row has as many new tokens as its own limit, when nothing ends it before",
        case="limits 6, 1 and 3",
    )
    alone = [serve_alone(MODEL, prompt, limit) for prompt, limit in zip(UNEQUAL, limits, strict=True)]
    expect_alone(result, UNEQUAL, alone, "limits 6, 1 and 3")


@pytest.mark.task("2.3")
def test_a_row_ends_at_eos_and_does_not_keep_it():
    prompt = [3, 1, 4]
    eos = eos_of(prompt, 2)
    expect_equal(
        run([prompt], 8, eos).tokens,
        [serve_alone(MODEL, prompt, 2).tokens],
        asked="EOS ends a row and is not part of its tokens",
        case=f"one prompt whose third new token is EOS ({eos}), limit 8",
    )


@pytest.mark.task("2.3")
def test_eos_at_once_leaves_no_token():
    prompt = [3, 1, 4]
    result = run([prompt], 8, eos_of(prompt, 0))
    expect_equal(
        (result.tokens, result.steps),
        ([[]], 1),
        asked="a row whose first token is EOS has no tokens; the prefill is its only step",
        case="one prompt whose first new token is EOS: (tokens, steps)",
    )


@pytest.mark.task("2.3")
def test_one_row_at_eos_does_not_end_the_others():
    prompts = [[3, 1, 4], [21], [9, 9, 2, 6]]
    eos = eos_of(prompts[0], 1)
    alone = [serve_alone(MODEL, prompt, 7, eos) for prompt in prompts]
    expect_alone(run(prompts, 7, eos), prompts, alone, f"row 0 samples EOS ({eos}) at its second step, limit 7")


@pytest.mark.task("2.3")
def test_a_batch_takes_as_many_steps_as_its_longest_row():
    expect_equal(
        run(UNEQUAL, [6, 1, 3]).steps,
        6,
        asked="steps: forward passes until the last row is done; the prefill is one and yields the first token",
        case="limits 6, 1 and 3, no EOS",
    )


@pytest.mark.task("2.3")
def test_finished_rows_are_wasted_until_the_last_is_done():
    expect_equal(
        run(UNEQUAL, [6, 1, 3]).wasted_row_steps,
        (6 - 1) + (6 - 3),
        asked="wasted: over all steps, the rows that had finished before the step",
        case="limits 6, 1 and 3: row 1 rides along for 5 steps, row 2 for 3",
    )


@pytest.mark.task("2.3")
def test_the_step_that_samples_eos_is_not_wasted():
    prompt = [3, 1, 4]
    result = run([prompt, prompt], [8, 2], eos_of(prompt, 3))
    expect_equal(
        (result.steps, result.wasted_row_steps),
        (4, 2),
        asked="(steps, wasted): a row needed the step in which it learned that it was done",
        case="row 0 samples EOS at step 4, row 1 reaches its limit at step 2",
    )


@pytest.mark.task("2.3")
def test_each_step_is_reported():
    prompts, limits = [[3, 1, 4], [21], [9, 9, 2, 6]], [4, 1, 2]
    seen: list[list[int | None]] = []
    static_generate(MODEL, prompts, limits, None, on_step=seen.append)
    alone = [serve_alone(MODEL, p, n).tokens for p, n in zip(prompts, limits, strict=True)]
    expect_equal(
        [list(step) for step in seen],
        [[row[step] if step < len(row) else None for row in alone] for step in range(4)],
        asked="on_step after each step: the token of each live row, None for one that had finished before",
        case="limits 4, 1 and 2: four steps",
    )


@pytest.mark.task("2.3")
def test_eos_is_reported_in_its_step():
    prompt = [3, 1, 4]
    eos, seen = eos_of(prompt, 1), []
    static_generate(MODEL, [prompt, prompt], [1, 5], eos, on_step=seen.append)
    expect_equal(
        [list(step) for step in seen],
        [[serve_alone(MODEL, prompt, 1).tokens[0]] * 2, [None, eos]],
        asked="on_step shows what a live row sampled, EOS included",
        case="row 0 has limit 1; row 1 samples EOS at its second step",
    )


@pytest.mark.task("2.3")
@settings(max_examples=25)
@given(
    prompts=st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=9), min_size=1, max_size=5),
    data=st.data(),
)
def test_any_batch_equals_serving_alone(prompts: list[list[int]], data: st.DataObject):
    limits = data.draw(st.lists(st.integers(1, 6), min_size=len(prompts), max_size=len(prompts)), label="limits")
    eos = data.draw(st.none() | st.sampled_from(serve_alone(MODEL, prompts[0], 4).tokens), label="eos")
    alone = [serve_alone(MODEL, prompt, limit, eos) for prompt, limit in zip(prompts, limits, strict=True)]
    result = run(prompts, limits, eos)
    case = f"prompts {prompts}, limits {limits}, EOS {eos}"
    expect_alone(result, prompts, alone, case)
    used = [len(one.tokens) + (one.finish == "stop") for one in alone]
    expect_equal(
        (result.steps, result.wasted_row_steps),
        (max(used), max(used) * len(used) - sum(used)),
        asked="(steps, wasted): the longest row's steps, and what the others' fall short of it",
        case=case,
    )


# Task 2.4


@pytest.mark.task("2.4")
def test_each_prompt_goes_to_the_smallest_bucket_that_holds_it():
    expect_equal(
        bucket_by_length([10, 100, 15, 95], [32, 64, 128]),
        {32: [0, 2], 128: [1, 3]},
        asked="{size: indices in the prompts' order}, each in the smallest bucket that holds it",
        case="lengths 10, 100, 15, 95; buckets 32, 64, 128",
    )


@pytest.mark.task("2.4")
def test_a_prompt_may_fill_its_bucket():
    expect_equal(
        bucket_by_length([32, 33, 128], [32, 64, 128]),
        {32: [0], 64: [1], 128: [2]},
        asked="a prompt exactly as long as a bucket fits in it",
        case="lengths 32, 33, 128; buckets 32, 64, 128",
    )


@pytest.mark.task("2.4")
def test_the_buckets_may_come_in_any_order():
    expect_equal(
        list(bucket_by_length([100, 5, 50], [128, 32, 64]).items()),
        [(32, [1]), (64, [2]), (128, [0])],
        asked="the smallest bucket that holds it, and buckets by growing size in the result",
        case="lengths 100, 5, 50; buckets given as 128, 32, 64",
    )


@pytest.mark.task("2.4")
def test_no_bucket_is_smaller_than_its_prompt():
    expect_raises(
        ValueError,
        lambda: bucket_by_length([10, 600], [32, 64, 128]),
        asked="a ValueError: a prompt longer than every bucket can't be padded into one",
        case="lengths 10, 600; buckets 32, 64, 128",
        mentions=["600"],
    )


@pytest.mark.task("2.4")
def test_one_token_too_many_for_the_largest_bucket():
    expect_raises(
        ValueError,
        lambda: bucket_by_length([128, 129], [32, 64, 128]),
        asked="a ValueError: 128 tokens fit in a bucket of 128, and 129 don't",
        case="lengths 128, 129; buckets 32, 64, 128",
        mentions=["129"],
    )


@pytest.mark.task("2.4")
def test_padding_wastes_the_cells_without_a_token():
    expect_close(
        padding_waste([[10, 100, 15, 95]]),
        180 / 400,
        asked="the share of cells that hold padding",
        case="lengths 10, 100, 15, 95 padded to 100: 400 cells, 220 tokens",
    )


@pytest.mark.task("2.4")
def test_waste_is_one_share_over_all_batches():
    expect_close(
        padding_waste([[1, 9], [50, 50, 50, 50]]),
        8 / 218,
        asked="all pads over all cells; a small batch weighs little",
        case="a batch of lengths 1 and 9 (18 cells), and one of four times 50 (200 cells)",
    )


@pytest.mark.task("2.4")
def test_a_bucket_pads_to_its_own_width():
    expect_close(
        padding_waste([[10, 15], [100, 95]], widths=[32, 128]),
        (39 + 61) / 320,
        asked="with `widths`, every batch is padded to the width given for it",
        case="lengths 10, 15 in a width of 32 and 100, 95 in one of 128",
    )


@pytest.mark.task("2.4")
def test_nothing_wastes_nothing():
    expect_equal(padding_waste([]), 0.0, asked="0.0 when there are no cells", case="no batch")


@pytest.mark.task("2.4")
@pytest.mark.parametrize(("batches", "widths"), [([[], []], None), ([[]], [32])], ids=["no-width", "a-width"])
def test_a_batch_of_nobody_wastes_nothing(batches: list[list[int]], widths: list[int] | None):
    expect_equal(
        padding_waste(batches, widths),
        0.0,
        asked="0.0 when there are no cells",
        case=f"batches {batches}, widths {widths}",
    )


@pytest.mark.task("2.4")
@given(
    lengths=st.lists(st.integers(1, 300), max_size=30),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=6, unique=True),
)
def test_every_prompt_is_in_one_bucket_and_its_neighbour_below_is_too_small(lengths: list[int], sizes: list[int]):
    sizes = [*sizes, 300]
    buckets = bucket_by_length(lengths, sizes)
    case = f"lengths {lengths}, buckets {sizes}"
    placed = sorted(index for indices in buckets.values() for index in indices)
    expect_equal(placed, list(range(len(lengths))), asked="every prompt in exactly one bucket", case=case)
    for size, indices in buckets.items():
        expect_true(bool(indices), asked="no empty buckets", case=case, got=f"bucket {size} is empty", expected="none")
        for index in indices:
            best = min(each for each in sizes if each >= lengths[index])
            expect_equal(size, best, asked=f"the smallest bucket that holds {lengths[index]} tokens", case=case)
