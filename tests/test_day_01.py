"""Day 1 · Why batch: what a decode step costs, and how many requests should share it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_batch.roofline import Bound, best_batch_size, decode_step_cost, kv_bytes_per_token, max_batch_size
from tiny_batch_kit.grading.expect import expect_close, expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.hardware import A100, Hardware
from tiny_batch_kit.model.shapes import LLAMA_2_7B, LLAMA_3_8B, ModelShape

# Small numbers that differ from each other, so that a wrong factor can't hide behind an equal one.
GROUPED = ModelShape(
    "toy", layers=3, width=20, query_heads=6, kv_heads=2, head_dim=5, ffn_width=7, vocab=11, weight_bytes=2, kv_bytes=2
)
WEIGHTS = GROUPED.total_weight_bytes
ROW = 3 * 2 * 2 * 5 * 2  # bytes that one token keeps in GROUPED


def machine(flops: float = 1e6, bandwidth: float = 1e6, memory: float = 1e9) -> Hardware:
    return Hardware("a test machine", flops, bandwidth, memory)


# Task 1.1


@pytest.mark.task("1.1")
def test_multi_head_attention_keeps_a_key_and_a_value_of_every_head():
    expect_equal(
        kv_bytes_per_token(LLAMA_2_7B),
        524_288,
        asked="the bytes of keys and values that one token keeps, over all layers",
        case="Llama 2 7B: 32 layers, 32 key-value heads of 128 numbers, 2 bytes a number",
    )


@pytest.mark.task("1.1")
def test_grouped_query_attention_keeps_the_key_value_heads_only():
    expect_equal(
        kv_bytes_per_token(LLAMA_3_8B),
        131_072,
        asked="only key-value heads are stored: query heads share them and leave nothing behind",
        case="Llama 3 8B: 32 layers, 32 query heads on 8 key-value heads of 128 numbers, 2 bytes a number",
    )


@pytest.mark.task("1.1")
def test_multi_query_attention_keeps_one_head():
    expect_equal(
        kv_bytes_per_token(replace(GROUPED, layers=1, kv_heads=1)),
        2 * 5 * 2,
        asked="one layer with one key-value head keeps one key and one value",
        case="1 layer, 6 query heads on 1 key-value head of 5 numbers, 2 bytes a number",
    )


@pytest.mark.task("1.1")
def test_the_width_of_a_head_is_its_own():
    expect_equal(
        kv_bytes_per_token(replace(GROUPED, query_heads=3, kv_heads=3)),
        3 * 2 * 3 * 5 * 2,
        asked="a head is `head_dim` wide, which need not be `width / query_heads`",
        case="3 layers, width 20, 3 heads of 5 numbers, 2 bytes a number",
    )


@pytest.mark.task("1.1")
def test_a_cache_of_fewer_bits_is_smaller():
    expect_close(
        kv_bytes_per_token(replace(GROUPED, kv_bytes=0.5)),
        ROW / 4,
        asked="a stored number takes `kv_bytes` bytes, whatever the weights take",
        case="the toy shape with a 4-bit cache (kv_bytes = 0.5)",
    )


# Task 1.2


@pytest.mark.task("1.2")
def test_one_row_reads_the_weights_and_its_own_cache():
    expect_close(
        decode_step_cost(GROUPED, machine(), batch=1, context=100).bytes,
        WEIGHTS + 100 * ROW,
        asked="bytes: the weights, and the keys and values of every position of the row",
        case=f"1 row of 100 positions, {WEIGHTS:.0f} bytes of weights, {ROW} bytes a position",
    )


@pytest.mark.task("1.2")
def test_a_batch_reads_the_weights_once():
    expect_close(
        decode_step_cost(GROUPED, machine(), batch=8, context=100).bytes,
        WEIGHTS + 8 * 100 * ROW,
        asked="bytes: the weights once for the whole batch, and each row's own cache",
        case=f"8 rows of 100 positions, {WEIGHTS:.0f} bytes of weights, {ROW} bytes a position",
    )


@pytest.mark.task("1.2")
def test_a_row_multiplies_and_adds_once_for_every_weight():
    flops = decode_step_cost(LLAMA_2_7B, A100, batch=1, context=1).flops
    expect_close(
        flops,
        2 * LLAMA_2_7B.params,
        rel=1e-3,  # at one position attention is lost in the rounding
        asked="operations: a multiply and an add for every weight (attention over one position hardly counts)",
        case="Llama 2 7B, 1 row of 1 position",
    )


@pytest.mark.task("1.2")
def test_every_row_computes_for_itself():
    one = decode_step_cost(GROUPED, machine(), batch=1, context=10).flops
    expect_close(
        decode_step_cost(GROUPED, machine(), batch=7, context=10).flops,
        7 * one,
        asked="operations: seven rows compute seven times what one computes; only reading is shared",
        case="7 rows of 10 positions, against 1 row",
    )


@pytest.mark.task("1.2")
def test_attention_computes_for_every_query_head_and_position():
    short = decode_step_cost(GROUPED, machine(), batch=1, context=1).flops
    long = decode_step_cost(GROUPED, machine(), batch=1, context=1001).flops
    expect_close(
        long - short,
        1000 * 3 * 6 * 5 * 2 * 2,
        asked="attention: for each layer, query head and position, a product for the score and one for the sum",
        case="1000 positions more; 3 layers, 6 query heads (on 2 key-value heads) of 5 numbers",
    )


@pytest.mark.task("1.2")
def test_a_slow_memory_sets_the_time():
    cost = decode_step_cost(GROUPED, machine(flops=1e15, bandwidth=1000.0), batch=4, context=10)
    expect_close(
        cost.seconds,
        (WEIGHTS + 40 * ROW) / 1000,
        asked="reading and computing overlap: the step lasts as long as the slower of the two",
        case="4 rows of 10 positions on a machine that computes at once and reads 1000 bytes a second",
    )


@pytest.mark.task("1.2")
def test_slow_arithmetic_sets_the_time():
    cost = decode_step_cost(GROUPED, machine(flops=1000.0, bandwidth=1e15), batch=4, context=10)
    expect_close(
        cost.seconds,
        cost.flops / 1000,
        asked="reading and computing overlap: the step lasts as long as the slower of the two",
        case="4 rows of 10 positions on a machine that reads at once and does 1000 operations a second",
    )


@pytest.mark.task("1.2")
def test_neither_time_is_added_to_the_other():
    cost = decode_step_cost(GROUPED, machine(flops=1e6, bandwidth=1e6), batch=4, context=10)
    expect_close(
        cost.seconds,
        max(cost.flops, cost.bytes) / 1e6,
        asked="the longer of the two times, not their sum: the machine reads ahead while it computes",
        case="4 rows of 10 positions on a machine of 10⁶ operations and 10⁶ bytes a second",
    )


@pytest.mark.task("1.2")
def test_the_bound_is_the_speed_that_the_step_waits_for():
    for hardware, bound in (
        (machine(flops=1e15, bandwidth=1.0), Bound.MEMORY),
        (machine(flops=1.0, bandwidth=1e15), Bound.COMPUTE),
    ):
        expect_equal(
            decode_step_cost(GROUPED, hardware, batch=2, context=10).bound,
            bound,
            asked="`bound` names the slower side: MEMORY when reading takes longer, COMPUTE when arithmetic does",
            case=f"{hardware.flops:g} operations and {hardware.bandwidth:g} bytes a second",
        )


@pytest.mark.task("1.2")
def test_a_tie_is_memory_bound():
    cost = decode_step_cost(GROUPED, machine(flops=1.0, bandwidth=1.0), batch=2, context=10)
    even = machine(flops=cost.flops, bandwidth=cost.bytes)
    expect_equal(
        decode_step_cost(GROUPED, even, batch=2, context=10).bound,
        Bound.MEMORY,
        asked="when both sides take equally long, the step counts as memory bound",
        case="a machine on which reading and computing this step take one second each",
    )


# Task 1.3


@pytest.mark.task("1.3")
def test_the_weights_are_kept_once():
    expect_equal(
        max_batch_size(GROUPED, machine(memory=WEIGHTS + 5 * 100 * ROW), context=100),
        5,
        asked="rows that fit beside ONE copy of the weights",
        case=f"memory for the weights ({WEIGHTS:.0f} bytes) and exactly five caches of 100 positions",
    )


@pytest.mark.task("1.3")
def test_half_a_row_is_no_row():
    expect_equal(
        max_batch_size(GROUPED, machine(memory=WEIGHTS + 5 * 100 * ROW - 1), context=100),
        4,
        asked="whole rows only",
        case="memory for the weights and five caches of 100 positions, less one byte",
    )


@pytest.mark.task("1.3")
def test_none_fits_beside_weights_that_do():
    expect_equal(
        max_batch_size(GROUPED, machine(memory=WEIGHTS), context=100),
        0,
        asked="0 rows when the weights fit and no row does: true, and no error",
        case="memory for exactly the weights",
    )


@pytest.mark.task("1.3")
def test_weights_that_do_not_fit_are_an_error():
    expect_raises(
        ValueError,
        lambda: max_batch_size(GROUPED, machine(memory=WEIGHTS - 1), context=100),
        asked="a ValueError that says that the weights alone don't fit",
        case="memory for the weights, less one byte",
    )


@pytest.mark.task("1.3")
def test_the_error_says_how_much_is_needed_and_how_much_there_is():
    expect_raises(
        ValueError,
        lambda: max_batch_size(LLAMA_2_7B, machine(memory=8e9), context=100),
        asked="a ValueError with the bytes that the weights take and those that there are, in GB",
        case="Llama 2 7B, 13.5 GB of weights, on a machine of 8 GB",
        mentions=["13.5", "8"],
    )


@pytest.mark.task("1.3")
def test_a_count_of_rows_is_an_int():
    rows = max_batch_size(replace(GROUPED, weight_bytes=2.0), machine(memory=WEIGHTS + 5 * 100 * ROW), context=100)
    expect_equal(
        type(rows).__name__, "int", asked="an int: Task 1.4 counts up to it", case="memory for exactly five caches"
    )


@pytest.mark.task("1.3")
def test_a_real_machine_and_a_real_model():
    expect_equal(
        max_batch_size(LLAMA_3_8B, A100, context=8192),
        59,
        asked="rows of 8192 positions of Llama 3 8B (16-bit) beside its weights in 80 GB",
        case="(80e9 − 16.06e9) / (8192 × 131072)",
    )


# Task 1.4


def cost_of(shape: ModelShape, hardware: Hardware, batch: int, context: int) -> float:
    """The seconds of a step, worked out here once more so that Task 1.4 is judged by its own contract."""
    row_flops = 2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context
    row_bytes = 2 * shape.layers * shape.kv_heads * shape.head_dim * shape.kv_bytes * context
    reading = (shape.total_weight_bytes + batch * row_bytes) / hardware.bandwidth
    return max(batch * row_flops / hardware.flops, reading)


@pytest.mark.task("1.4")
def test_past_the_ridge_a_larger_batch_only_waits_longer():
    hardware = machine(flops=1e6, bandwidth=1e5, memory=WEIGHTS + 500 * ROW)
    seconds = [cost_of(GROUPED, hardware, batch, 1) for batch in range(1, 501)]
    throughput = [batch / time for batch, time in enumerate(seconds, start=1)]
    expected = next(batch for batch, made in enumerate(throughput, start=1) if made >= 0.99 * max(throughput))
    expect_equal(
        best_batch_size(GROUPED, hardware, context=1, tpot_slo=1e9),
        expected,
        asked="the SMALLEST batch that makes at least 99% of the best throughput",
        case=f"500 rows fit and any wait is allowed, but from about {expected} rows on the step is compute bound",
    )


@pytest.mark.task("1.4")
def test_the_time_per_token_is_kept():
    hardware = machine(flops=1e15, bandwidth=1e5, memory=WEIGHTS + 100 * 2 * ROW)
    slo = cost_of(GROUPED, hardware, 20, 2) * 1.0001
    expect_equal(
        best_batch_size(GROUPED, hardware, context=2, tpot_slo=slo),
        20,
        asked="no user waits longer than tpot_slo for a token: each step yields one token a row",
        case=f"100 rows of 2 positions fit, and tpot_slo is just over the step time of 20 rows ({slo:.4f} s)",
    )


@pytest.mark.task("1.4")
def test_a_step_may_take_the_whole_time_allowed():
    hardware = machine(flops=1e6, bandwidth=1e15, memory=WEIGHTS + 100 * 10 * ROW)
    slo = cost_of(GROUPED, hardware, 1, 10)
    expect_equal(
        best_batch_size(GROUPED, hardware, context=10, tpot_slo=slo),
        1,
        asked="a step that takes exactly tpot_slo is allowed",
        case="tpot_slo is the time of a step of one row",
    )


@pytest.mark.task("1.4")
def test_the_batch_fits_in_memory():
    hardware = machine(flops=1e15, bandwidth=1e5, memory=WEIGHTS + 3 * 50 * ROW)
    expect_equal(
        best_batch_size(GROUPED, hardware, context=50, tpot_slo=1e9),
        3,
        asked="no more rows than Task 1.3 allows",
        case="3 rows of 50 positions fit, and any wait is allowed",
    )


@pytest.mark.task("1.4")
def test_too_tight_a_target_is_an_error():
    hardware = machine(memory=WEIGHTS + 100 * 50 * ROW)
    expect_raises(
        ValueError,
        lambda: best_batch_size(GROUPED, hardware, context=50, tpot_slo=cost_of(GROUPED, hardware, 1, 50) / 2),
        asked="a ValueError when even one row is slower than tpot_slo",
        case="tpot_slo is half the step time of one row",
    )


@pytest.mark.task("1.4")
def test_no_room_for_a_row_is_an_error():
    expect_raises(
        ValueError,
        lambda: best_batch_size(GROUPED, machine(memory=WEIGHTS), context=50, tpot_slo=1e9),
        asked="a ValueError when no row fits beside the weights",
        case="memory for exactly the weights",
    )


@pytest.mark.task("1.4")
def test_the_error_says_which_limit_is_in_the_way():
    said = []
    for memory, share in ((WEIGHTS + 100 * 50 * ROW, 0.5), (WEIGHTS, 2)):
        hardware = machine(memory=memory)
        slo = share * cost_of(GROUPED, hardware, 1, 50)
        try:
            said.append(str(best_batch_size(GROUPED, hardware, context=50, tpot_slo=slo)))
        except ValueError as error:
            said.append(str(error))
    expect_equal(
        ["tpot_slo" in message for message in said],
        [True, False],
        asked="whether the error speaks of tpot_slo: it names the limit that is in the way, and no other",
        case=f"100 rows fit, and tpot_slo is half a step; then no row fits, and tpot_slo is two steps. It said: {said}",
    )


@pytest.mark.task("1.4")
@given(
    flops=st.floats(1e5, 1e9),
    bandwidth=st.floats(1e4, 1e7),
    rows=st.integers(1, 60),
    context=st.integers(1, 64),
    slack=st.floats(1.001, 50),
)
def test_no_allowed_batch_is_better(flops: float, bandwidth: float, rows: int, context: int, slack: float):
    hardware = machine(flops, bandwidth, WEIGHTS + (rows + 0.5) * context * ROW)
    slo = slack * cost_of(GROUPED, hardware, 1, context)
    steps = {batch: cost_of(GROUPED, hardware, batch, context) for batch in range(1, rows + 1)}
    allowed = {batch: batch / seconds for batch, seconds in steps.items() if seconds <= slo}
    best = max(allowed.values())

    chosen = best_batch_size(GROUPED, hardware, context, slo)
    case = f"{rows} rows of {context} positions fit, tpot_slo {slo:.3g} s, {flops:.3g} flop/s, {bandwidth:.3g} B/s"
    asked = "the smallest allowed batch with at least 99% of the best allowed throughput"
    expect_true(chosen in allowed, asked=asked, case=case, got=f"{chosen}", expected=f"one of 1 … {max(allowed)}")
    # A hair of tolerance: two right solutions may round a throughput differently.
    expect_true(
        allowed[chosen] >= 0.99 * best * (1 - 1e-9),
        asked=asked,
        case=case,
        got=f"{chosen} rows, {allowed[chosen]:.4g} tokens/s",
        expected=f"at least {0.99 * best:.4g} tokens/s",
    )
    smaller = {batch: made for batch, made in allowed.items() if batch < chosen and made > 0.99 * best * (1 + 1e-9)}
    expect_true(
        not smaller,
        asked=asked,
        case=case,
        got=f"{chosen} rows",
        expected=f"{min(smaller, default=chosen)} rows, which is smaller and enough",
    )
