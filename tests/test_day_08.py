"""Day 8 · Chunked prefill: long prompts are read a chunk a step, and nobody's tokens stall for longer than that."""

import io
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.batch import batch_generate
from tiny_batch.chunked_prefill import ChunkedBatcher, choose_chunk_size, next_chunk, prefill_chunk
from tiny_batch.kv_cache import TinyKvCache
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch_kit.grading.expect import expect_equal, expect_raises, expect_true
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.model.tokenizer import ByteTokenizer

MODEL = tiny_random(seed=5)
LAYERS = MODEL.config.num_layers
LONG = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3]  # 18 tokens
SHORT, MIDDLE = [8], [2, 7, 1, 8]


class Watched:
    """The tiny model, which remembers the tokens of each forward pass."""

    def __init__(self, model: Qwen2 = MODEL) -> None:
        self.model, self.config, self.dtype, self.logits = model, model.config, model.dtype, model.logits
        self.passes: list[list[list[int]]] = []

    def __call__(self, tokens: mx.array, positions: mx.array, attend: Any) -> mx.array:
        self.passes.append(np.array(tokens).tolist())
        return self.model(tokens, positions, attend)

    @property
    def kinds(self) -> str:
        """The passes in order: the number of tokens of a chunk, d for a decode pass of several rows."""
        return " ".join("d" if len(rows) > 1 else str(len(rows[0])) for rows in self.passes)


def ask(name: str, prompt: Sequence[int], max_tokens: int, **options: Any) -> Request:
    return Request(name, prompt, max_tokens, **options)


def batcher(model: Any = MODEL, **options: Any) -> ChunkedBatcher:
    return ChunkedBatcher(model, **{"max_seq_len": 64, "batch_size": 3, "prefill_step": 4, **options})


def serve(requests: Sequence[Request], case: str = "", **options: Any) -> ChunkedBatcher:
    serving = batcher(**options)
    for request in requests:
        serving.submit(request)
    run_out(serving, case or "the requests of the test")
    return serving


def run_out(serving: ChunkedBatcher, case: str, most_steps: int = 500) -> None:
    """Step until nobody is left."""
    for _ in range(most_steps):
        if not serving.has_work:
            return
        serving.step()
    expect_true(
        not serving.has_work,
        asked="every request comes to its end",
        case=case,
        got=f"after {most_steps} steps {len(serving.waiting)} wait and {len(serving.running)} run",
        expected="nobody",
    )


def expect_alone(requests: Sequence[Request], case: str) -> None:
    """Fail unless each request got what serving it alone gives."""
    for request in requests:
        alone = serve_alone(MODEL, request.prompt, request.max_tokens, next(iter(request.eos_token_ids), None))
        problem = agrees(request.tokens, alone)
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone",
            case=f"{case}; request {request.id}",
            got=f"{request.tokens}: {problem}",
            expected=str(alone.tokens),
        )


def reading(prompt: Sequence[int]) -> tuple[Request, list[TinyKvCache]]:
    """A request whose prompt is about to be read, and its empty caches."""
    request = ask("a", prompt, 5)
    request.advance(RequestState.PREFILLING)
    return request, [TinyKvCache() for _ in range(LAYERS)]


# Task 8.1


@pytest.mark.task("8.1")
@pytest.mark.parametrize(
    ("computed", "expected"),
    [(0, LONG[0:8]), (8, LONG[8:16]), (16, LONG[16:18]), (3, LONG[3:11])],
    ids=["first", "second", "last", "from-anywhere"],
)
def test_the_next_chunk_begins_where_the_last_one_ended(computed: int, expected: list[int]):
    request = ask("a", LONG, 5)
    request.num_computed_tokens = computed
    case = f"a prompt of 18 tokens, {computed} of them computed, prefill_step 8"
    expect_equal(
        next_chunk(request, 8), expected, asked="at most prefill_step tokens, from the first not computed", case=case
    )
    expect_equal(
        request.num_computed_tokens, computed, asked="the request stays as it is: num_computed_tokens", case=case
    )


@pytest.mark.task("8.1")
def test_a_large_chunk_is_the_whole_prompt():
    expect_equal(
        next_chunk(ask("a", LONG, 5), 1000), LONG, asked="the whole prompt", case="18 tokens, prefill_step 1000"
    )


@pytest.mark.task("8.1")
@pytest.mark.parametrize(("computed", "step"), [(18, 4), (0, 0)], ids=["prompt-is-read", "step-of-zero"])
def test_what_makes_no_chunk_is_an_error(computed: int, step: int):
    request = ask("a", LONG, 5)
    request.num_computed_tokens = computed
    expect_raises(
        ValueError,
        lambda: next_chunk(request, step),
        asked="a ValueError, and not an empty chunk",
        case=f"a prompt of 18 tokens, {computed} of them computed, prefill_step {step}",
    )


# Task 8.2


@pytest.mark.task("8.2")
def test_chunk_by_chunk_to_the_end_of_the_prompt():
    request, caches = reading(LONG)
    got, counts = [], []
    for _ in range(3):
        got.append(prefill_chunk(MODEL, request, caches, 8))
        counts.append((request.num_computed_tokens, caches[0].offset, caches[-1].offset))
    case = "a prompt of 18 tokens, prefill_step 8"
    expect_equal(
        counts,
        [(8, 8, 8), (16, 16, 16), (18, 18, 18)],
        asked="after each chunk: (num_computed_tokens, positions in the first and in the last layer's cache)",
        case=case,
    )
    expect_equal(
        [logits is None for logits in got],
        [True, True, False],
        asked="logits only at the end of the prompt: None?",
        case=case,
    )


@pytest.mark.task("8.2")
@pytest.mark.parametrize("size", [1, 4, 7, 17, 18, 64])
def test_chunks_of_any_size_give_the_same_logits(size: int):
    request, caches = reading(LONG)
    logits = None
    for _ in range(len(LONG)):
        if request.num_computed_tokens < len(LONG):
            logits = prefill_chunk(MODEL, request, caches, size)
    expected = serve_alone(MODEL, LONG, 1).logits[0]
    fits = logits is not None and logits.shape == expected.shape
    worst = float(mx.max(mx.abs(logits - expected))) if fits and logits is not None else float("nan")
    expect_true(
        worst < 1e-3,
        asked="(V,) logits as if the prompt were read at once: each chunk sees all of its past",
        case=f"a prompt of 18 tokens in chunks of {size}",
        got=f"largest difference {worst:.3g}" if fits else f"{None if logits is None else logits.shape}",
        expected="differences of rounding only",
    )


@pytest.mark.task("8.2")
def test_every_token_is_read_once():
    model = Watched()
    request, caches = reading(LONG)
    for _ in range(5):
        prefill_chunk(model, request, caches, 4)
    expect_equal(
        model.passes,
        [[LONG[0:4]], [LONG[4:8]], [LONG[8:12]], [LONG[12:16]], [LONG[16:18]]],
        asked="one forward pass a chunk, each token once and in order: the tokens of each pass",
        case="a prompt of 18 tokens, prefill_step 4",
    )


@pytest.mark.task("8.2")
def test_a_chunk_is_computed_when_it_returns():
    request, caches = reading(LONG)
    prefill_chunk(MODEL, request, caches, 8)
    graph = io.StringIO()
    mx.export_to_dot(graph, caches[-1].keys)  # of what waits to be computed
    expect_true(
        "->" not in graph.getvalue(),
        asked="the work is done when it returns: nothing is left to be computed later, all chunks at once",
        case="the keys of the last layer after the first chunk",
        got="a graph of operations that still wait",
        expected="numbers",
    )


# Task 8.3


@pytest.mark.task("8.3")
def test_a_chunk_and_a_decode_by_turns():
    model = Watched()
    serving = batcher(model)
    first, late = ask("a", SHORT, 12), ask("late", LONG, 4)
    serving.submit(first)
    serving.step()
    model.passes.clear()
    serving.submit(late)
    for _ in range(6):
        serving.step()
    expect_equal(
        model.kinds,
        "4 d 4 d 4 d 4 d 2 d d",
        asked="one chunk, one decode, until the prompt is read (chunks by their size, d for a decode pass)",
        case="a decodes; a prompt of 18 tokens arrives, prefill_step 4; six steps",
    )


@pytest.mark.task("8.3")
def test_one_chunk_a_step_however_short_the_prompts():
    model = Watched()
    serving = batcher(model, batch_size=5)
    serving.submit(ask("a", SHORT, 12))
    serving.step()
    model.passes.clear()
    for name in "bcd":
        serving.submit(ask(name, MIDDLE[:3], 9))
    for _ in range(4):
        serving.step()
    expect_equal(
        model.kinds,
        "3 d 3 d 3 d d",
        asked="a decode pass between any two chunks, also when each prompt is a single one",
        case="a decodes; three prompts of 3 tokens arrive at once, prefill_step 4; four steps",
    )


@pytest.mark.task("8.3")
def test_admission_sets_the_order_and_not_the_slot():
    model = Watched()
    serving = batcher(model)
    for request in (ask("a", SHORT, 4), ask("b", SHORT, 30), ask("long", LONG, 3)):
        serving.submit(request)
    for _ in range(4):
        serving.step()
    serving.submit(ask("late", MIDDLE * 2, 3))
    for _ in range(8):
        serving.step()
    read = [rows[0] for rows in model.passes if len(rows) == 1]
    chunks = [LONG[start : start + 4] for start in range(0, 18, 4)]
    expect_equal(
        read,
        [SHORT, SHORT, *chunks, MIDDLE, MIDDLE],
        asked="the request admitted first is read to its end first, whatever its slot: the tokens of all chunks",
        case="a in slot 0 finishes while the prompt in slot 2 is half read; then another prompt gets slot 0",
    )


@pytest.mark.task("8.3")
def test_the_same_id_may_come_again():
    serving = batcher()
    serving.submit(ask("a", LONG, 4))
    serving.step()
    serving.cancel("a")
    again = ask("a", MIDDLE * 2, 5)
    serving.submit(again)
    case = "a is cancelled after its first chunk; another request with the same id and another prompt comes"
    run_out(serving, case)
    expect_alone([again], case)


@pytest.mark.task("8.3")
def test_a_chunk_is_reported_for_its_own_slot():
    seen: list[tuple[int, str]] = []

    def on_step(rows: Sequence[Any]) -> None:
        seen.extend((row.slot, row.request) for row in rows if str(row.kind) == "prefill")

    serve([ask("a", SHORT, 9), ask("b", LONG[:6], 2)], on_step=on_step)
    expect_equal(
        seen,
        [(0, "a"), (1, "b"), (1, "b")],
        asked="on_step hears of each chunk: (slot, request)",
        case="prompts of 1 and 6 tokens, prefill_step 4",
    )


@pytest.mark.task("8.3")
def test_who_decodes_gets_a_token_at_every_step():
    serving = batcher()
    first, late = ask("a", SHORT, 12), ask("late", LONG, 4)
    serving.submit(first)
    serving.step()
    serving.submit(late)
    counts = []
    for _ in range(6):
        serving.step()
        counts.append((len(first.tokens), len(late.tokens)))
    expect_equal(
        counts,
        [(3, 0), (4, 0), (5, 0), (6, 0), (7, 2), (8, 3)],
        asked="(a, late): a gets a token at every step; late gets its first two when its fifth chunk was its last",
        case="a decodes; a prompt of 18 tokens arrives, prefill_step 4",
    )


@pytest.mark.task("8.3")
def test_a_half_read_prompt_does_not_decode():
    serving = batcher()
    first, late = ask("a", SHORT, 12), ask("late", LONG, 4)
    serving.submit(first)
    serving.step()
    serving.submit(late)
    for _ in range(3):
        serving.step()
    expect_equal(
        ([cache.live for cache in serving.caches], late.state.value, late.num_computed_tokens),
        ([[0]] * LAYERS, "prefilling", 12),
        asked="(live slots in each layer, state, num_computed_tokens): it has a slot, and is not in it yet",
        case="a prompt of 18 tokens after three steps, prefill_step 4",
    )


@pytest.mark.task("8.3")
def test_prompts_are_read_one_after_another():
    model = Watched()
    requests = [ask("a", LONG, 3), ask("b", MIDDLE * 2, 3), ask("c", LONG[:6], 3)]
    serve(requests, model=model)
    read = [rows[0] for rows in model.passes if len(rows) == 1]
    prompts = [request.prompt for request in requests]
    expect_equal(
        read,
        [prompt[start : start + 4] for prompt in prompts for start in range(0, len(prompt), 4)],
        asked="the prompt admitted first is read to its end, then the next: the tokens of all chunks",
        case="prompts of 18, 8 and 6 tokens at once, prefill_step 4",
    )


@pytest.mark.task("8.3")
def test_each_is_served_as_alone():
    requests = [ask(str(index), LONG[: 1 + 5 * index % 18], 3 + 4 * index % 7) for index in range(9)]
    serve(requests)
    expect_alone(requests, "9 requests of unequal prompts and limits, 3 slots, prefill_step 4")


@pytest.mark.task("8.3")
def test_no_forward_pass_is_longer_than_a_chunk():
    model = Watched()
    serve([ask("a", LONG * 2, 4), ask("b", MIDDLE, 9), ask("c", LONG, 5)], model=model, prefill_step=5)
    longest = max(len(rows[0]) for rows in model.passes)
    expect_equal(
        longest, 5, asked="the most tokens of a row in any forward pass", case="prompts of 36, 4 and 18, prefill_step 5"
    )


@pytest.mark.task("8.3")
def test_a_half_read_request_may_be_cancelled():
    serving = batcher()
    requests = [ask("a", SHORT, 12), ask("b", LONG, 4), ask("c", MIDDLE * 3, 5)]
    for request in requests:
        serving.submit(request)
    for _ in range(3):
        serving.step()
    serving.cancel("b")
    case = "a decodes, b is half read, c waits for its turn; b is cancelled"
    expect_equal(sorted(serving.slots.slot_of), ["a", "c"], asked="b's slot is free", case=case)
    run_out(serving, case)
    expect_alone([requests[0], requests[2]], case)
    expect_equal(requests[1].tokens, [], asked="b never got a token", case=case)


@pytest.mark.task("8.3")
def test_an_idle_batcher_holds_nothing():
    serving = batcher(batch_size=1)
    serving.submit(ask("a", LONG, 4))
    serving.step()
    serving.cancel("a")
    again = ask("b", LONG, 4)
    serving.submit(again)
    case = "one slot; a is cancelled after its first chunk of 4; then b comes with the same prompt"
    run_out(serving, case)
    expect_alone([again], case)
    expect_equal(
        (serving.slots.num_free, [cache.live for cache in serving.caches], serving.has_work),
        (1, [[]] * LAYERS, False),
        asked="(free slots, live slots in each layer, has_work) at the end",
        case=case,
    )


@pytest.mark.task("8.3")
def test_an_answer_may_be_over_with_its_first_token():
    requests = [ask("a", LONG, 1), ask("b", MIDDLE, 6)]
    serve(requests)
    expect_alone(requests, "a wants 1 token behind a prompt of 18, b 6; prefill_step 4")
    expect_equal(requests[0].finish_reason, FinishReason.LENGTH, asked="a's reason", case="a wants 1 token")


@pytest.mark.task("8.3")
def test_every_chunk_is_reported():
    steps: list[list[tuple[int, str, int, int]]] = []

    def on_step(rows: Sequence[Any]) -> None:
        steps.append([(row.slot, str(row.kind), row.tokens, row.sampled) for row in rows if row.request is not None])

    serve([ask("a", LONG[:10], 2)], on_step=on_step)
    expect_equal(
        steps,
        [[(0, "prefill", 4, 0)], [(0, "prefill", 4, 0)], [(0, "prefill", 2, 1)], [(0, "decode", 1, 1)]],
        asked="on_step after each forward pass: (slot, kind, tokens read, tokens sampled)",
        case="one request of 10 prompt tokens and 2 new ones, prefill_step 4",
    )


@pytest.mark.task("8.3")
def test_texts_go_through_it_as_well():
    tokenizer = ByteTokenizer()
    prompts = ["a prompt that takes several chunks", "b", "another of some length"]
    results = batch_generate(
        MODEL,
        tokenizer,
        prompts,
        max_seq_len=64,
        batch_size=2,
        prefill_step=4,
        max_tokens=6,
        batcher_class=ChunkedBatcher,
    )
    expect_equal(
        [result.tokens for result in results],
        [serve_alone(MODEL, tokenizer.encode(prompt), 6, tokenizer.eos_token_id).tokens for prompt in prompts],
        asked="Day 7's batch_generate with batcher_class=ChunkedBatcher gives the same answers",
        case="three prompts, 2 slots, prefill_step 4",
    )


@pytest.mark.task("8.3")
@settings(max_examples=40)
@given(data=st.data())
def test_any_traffic_is_served_as_alone(data: st.DataObject):
    count = data.draw(st.integers(1, 6), label="requests")
    slots, chunk = data.draw(st.integers(1, 4), label="slots"), data.draw(st.integers(1, 12), label="chunk")
    serving, requests = batcher(batch_size=slots, prefill_step=chunk, max_seq_len=32), list[Request]()
    for index in range(count):
        prompt = data.draw(st.lists(st.integers(0, 255), min_size=1, max_size=18), label="prompt")
        requests.append(ask(str(index), prompt, data.draw(st.integers(1, 9), label="limit")))
        serving.submit(requests[-1])
        for _ in range(data.draw(st.integers(0, 3), label="steps")):
            serving.step()
        alive = [each.id for each in [*serving.waiting, *serving.running.values()]]
        if alive and data.draw(st.integers(0, 4), label="cancel") == 0:
            serving.cancel(data.draw(st.sampled_from(alive), label="who"))
    case = f"{count} requests, {slots} slots, chunks of {chunk}"
    run_out(serving, case)
    expect_alone([each for each in requests if each.finish_reason is not FinishReason.CANCELLED], case)


# Task 8.4

SECONDS = {16: 0.08, 64: 0.2, 256: 0.7, 1024: 2.6}


@pytest.mark.task("8.4")
@pytest.mark.parametrize(
    ("gap", "size"), [(10.0, 1024), (1.0, 256), (0.5, 64), (0.2, 16)], ids=["any", "one-second", "half", "a-fifth"]
)
def test_the_soonest_that_keeps_the_promise(gap: float, size: int):
    expect_equal(
        choose_chunk_size(SECONDS, decode_seconds=0.1, prompt_tokens=1024, max_gap=gap),
        size,
        asked="the size that reads the prompt soonest, with no gap longer than max_gap",
        case=f"chunks of 16, 64, 256, 1024 take 0.08, 0.2, 0.7, 2.6 s, a decode 0.1 s; 1024 tokens; max_gap {gap} s",
    )


@pytest.mark.task("8.4")
def test_the_decode_pass_belongs_to_the_gap():
    expect_equal(
        choose_chunk_size({32: 0.2, 64: 0.35}, decode_seconds=0.2, prompt_tokens=64, max_gap=0.5),
        32,
        asked="a gap is a chunk and a decode pass: 0.55 s with chunks of 64",
        case="chunks of 32 and 64 take 0.2 and 0.35 s, a decode pass 0.2 s; max_gap 0.5 s",
    )


@pytest.mark.task("8.4")
def test_a_gap_may_last_as_long_as_allowed():
    expect_equal(
        choose_chunk_size({32: 0.25}, decode_seconds=0.25, prompt_tokens=64, max_gap=0.5),
        32,
        asked="a gap of exactly max_gap is allowed",
        case="chunks of 32 take 0.25 s, a decode pass 0.25 s; max_gap 0.5 s",
    )


@pytest.mark.task("8.4")
def test_a_gap_may_not_last_a_moment_longer():
    expect_equal(
        choose_chunk_size({32: 0.25, 64: 0.2501}, decode_seconds=0.25, prompt_tokens=64, max_gap=0.5),
        32,
        asked="no gap is longer than max_gap, not even by a tenth of a millisecond",
        case="chunks of 32 and 64 take 0.25 and 0.2501 s, a decode pass 0.25 s; max_gap 0.5 s",
    )


@pytest.mark.task("8.4")
def test_a_short_prompt_needs_no_large_chunk():
    expect_equal(
        choose_chunk_size({32: 0.2, 64: 0.3, 512: 2.0}, decode_seconds=0.1, prompt_tokens=60, max_gap=9.0),
        64,
        asked="the prompt is in one chunk of 64 (0.4 s); two of 32 take 0.6 s, one of 512 takes 2.1 s",
        case="chunks of 32, 64, 512 take 0.2, 0.3, 2.0 s, a decode pass 0.1 s; a prompt of 60 tokens; max_gap 9 s",
    )


@pytest.mark.task("8.4")
def test_a_chunk_that_is_not_full_counts_whole():
    expect_equal(
        choose_chunk_size({40: 0.3, 50: 0.45}, decode_seconds=0.1, prompt_tokens=100, max_gap=9.0),
        50,
        asked="100 tokens are three chunks of 40 (1.2 s) and two of 50 (1.1 s)",
        case="chunks of 40 and 50 take 0.3 and 0.45 s, a decode pass 0.1 s; a prompt of 100 tokens",
    )


@pytest.mark.task("8.4")
def test_of_equally_soon_ones_the_smallest():
    expect_equal(
        choose_chunk_size({64: 0.5, 32: 0.25, 128: 1.0}, decode_seconds=0.0, prompt_tokens=128, max_gap=9.0),
        32,
        asked="all three read it in 1 s; the smallest makes the shortest gaps",
        case="chunks of 64, 32, 128 take 0.5, 0.25, 1.0 s, a decode pass nothing; 128 tokens",
    )


@pytest.mark.task("8.4")
def test_a_promise_that_no_size_keeps_is_an_error():
    expect_raises(
        ValueError,
        lambda: choose_chunk_size(SECONDS, decode_seconds=0.1, prompt_tokens=1024, max_gap=0.15),
        asked="a ValueError with the shortest possible gap, in seconds",
        case="the smallest chunk takes 0.08 s and a decode pass 0.1 s; max_gap 0.15 s",
        mentions=["0.18"],
    )


@pytest.mark.task("8.4")
def test_the_shortest_gap_need_not_be_the_smallest_chunks():
    expect_raises(
        ValueError,
        lambda: choose_chunk_size({16: 0.5, 64: 0.3}, decode_seconds=0.1, prompt_tokens=64, max_gap=0.2),
        asked="a ValueError with the shortest possible gap, in seconds",
        case="chunks of 16 and 64 take 0.5 and 0.3 s (16 on a bad day), a decode pass 0.1 s; max_gap 0.2 s",
        mentions=["0.4"],
    )
