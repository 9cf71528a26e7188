"""Day 7 · Continuous batching: requests that join and leave at every step, each answered as if it were alone."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.batch import batch_generate
from tiny_batch.continuous import ContinuousBatcher
from tiny_batch.forward import decode_step, prefill
from tiny_batch.kv_cache import BatchingKvCache, TinyKvCache
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch.sampling import SamplingParams
from tiny_batch_kit.grading.expect import Mismatch, expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.model.tokenizer import ByteTokenizer

MODEL = tiny_random(seed=5)
BYTES = ByteTokenizer()
LAYERS = MODEL.config.num_layers
LONG, SHORT, MIDDLE = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3], [8], [2, 7, 1, 8]


class Watched:
    """The tiny model, which remembers the tokens of each forward pass, and how many rows needed the vocabulary."""

    def __init__(self, model: Qwen2 = MODEL) -> None:
        self.model, self.config, self.dtype = model, model.config, model.dtype
        self.passes: list[list[list[int]]] = []
        self.vocabulary_rows = 0

    def __call__(self, tokens: mx.array, positions: mx.array, attend: Any) -> mx.array:
        self.passes.append(np.array(tokens).tolist())
        return self.model(tokens, positions, attend)

    def logits(self, hidden: mx.array) -> mx.array:
        self.vocabulary_rows += int(np.prod(hidden.shape[:-1]))
        return self.model.logits(hidden)

    @property
    def decodes(self) -> int:
        """Forward passes of more than one row: with several slots, these are decode steps."""
        return sum(len(rows) > 1 for rows in self.passes)


def ask(name: str, prompt: Sequence[int], max_tokens: int, **options: Any) -> Request:
    return Request(name, prompt, max_tokens, **options)


def batcher(model: Any = MODEL, **options: Any) -> ContinuousBatcher:
    return ContinuousBatcher(model, **{"max_seq_len": 64, "batch_size": 3, "prefill_step": 4, **options})


def serve(requests: Sequence[Request], case: str = "", most_steps: int = 400, **options: Any) -> ContinuousBatcher:
    """Submit all requests, and step until nobody is left."""
    serving = batcher(**options)
    for request in requests:
        serving.submit(request)
    run_out(serving, case, most_steps)
    return serving


def run_out(serving: ContinuousBatcher, case: str, most_steps: int = 400) -> int:
    """Step until nobody is left; return the steps."""
    for step in range(most_steps):
        if not serving.has_work:
            return step
        serving.step()
    expect_true(
        not serving.has_work,
        asked="every request comes to its end",
        case=case or "the requests of the test",
        got=f"after {most_steps} steps {len(serving.waiting)} wait and {len(serving.running)} run",
        expected="nobody",
    )
    return most_steps


def expect_alone(requests: Sequence[Request], case: str, limits: Sequence[int] | None = None) -> None:
    """Fail unless each request got what serving it alone gives."""
    for index, request in enumerate(requests):
        eos = next(iter(request.eos_token_ids), None)
        alone = serve_alone(MODEL, request.prompt, limits[index] if limits else request.max_tokens, eos)
        problem = agrees(request.tokens, alone)
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone",
            case=f"{case}; request {request.id}",
            got=f"{request.tokens}: {problem}",
            expected=str(alone.tokens),
        )


def cached(prompts: dict[int, Sequence[int]], slots: int) -> list[BatchingKvCache]:
    """Caches in which some slots hold prompts that were read, made without Task 7.1."""
    from tiny_batch_kit.model.attention import attend_with

    caches = [BatchingKvCache(slots, 64) for _ in range(LAYERS)]
    for slot, prompt in prompts.items():
        own = [TinyKvCache() for _ in range(LAYERS)]
        columns = mx.arange(len(prompt), dtype=mx.int32)
        mx.eval(MODEL(mx.array([list(prompt)]), columns[None], attend_with(own, columns[None] <= columns[:, None])))
        for cache, one in zip(caches, own, strict=True):
            cache.add_request(one, slot)
    return caches


def teacher(prompt: Sequence[int], following: Sequence[int]) -> list[mx.array]:
    """Logits behind the prompt, and behind each of the tokens that follow it, served alone."""
    return [serve_alone(MODEL, [*prompt, *following[:count]], 1).logits[0] for count in range(len(following) + 1)]


def expect_logits(got: mx.array, expected: mx.array, asked: str, case: str) -> None:
    """Fail unless two rows of logits are equal but for rounding."""
    fits = got.shape == expected.shape
    worst = float(mx.max(mx.abs(got - expected))) if fits else float("nan")
    expect_true(
        fits and worst < 1e-3,
        asked=asked,
        case=case,
        got=f"shape {got.shape}, largest difference {worst:.3g}",
        expected=f"shape {expected.shape}, differences of rounding only",
    )


# Task 7.1


@pytest.mark.task("7.1")
def test_a_prompt_gives_its_next_tokens_logits():
    _, logits = prefill(MODEL, LONG, 128)
    expect_logits(logits, teacher(LONG, [])[0], "(V,) logits behind the last token of the prompt", "10 tokens at once")


@pytest.mark.task("7.1")
def test_the_caches_hold_the_prompt():
    caches, _ = prefill(MODEL, LONG, 128)
    expect_equal(
        [cache.offset for cache in caches],
        [10] * LAYERS,
        asked="a TinyKvCache for each layer, with the whole prompt",
        case="10 tokens",
    )


@pytest.mark.task("7.1")
def test_a_prompt_is_read_in_pieces():
    model = Watched()
    _, logits = prefill(model, LONG, 4)
    case = "10 tokens, prefill_step 4"
    expect_equal(
        model.passes,
        [[LONG[0:4]], [LONG[4:8]], [LONG[8:10]]],
        asked="pieces of at most prefill_step tokens, each token once: the tokens of each forward pass",
        case=case,
    )
    expect_logits(logits, teacher(LONG, [])[0], "the same logits as if it were read at once", case)


@pytest.mark.task("7.1")
def test_only_the_last_token_needs_the_vocabulary():
    model = Watched()
    prefill(model, LONG, 4)
    expect_equal(
        model.vocabulary_rows,
        1,
        asked="logits for one token only: rows given to model.logits",
        case="10 tokens in pieces of 4",
    )


@pytest.mark.task("7.1")
def test_pieces_are_computed_as_they_are_read():
    caches, _ = prefill(MODEL, LONG, 4)
    graph = io.StringIO()
    mx.export_to_dot(graph, caches[-1].keys)  # of what waits to be computed
    expect_true(
        "->" not in graph.getvalue(),
        asked="each piece is computed before the next is read, and not all of them at the end",
        case="a prompt of 10 tokens in pieces of 4: the keys of the last layer",
        got="a graph of operations that still wait",
        expected="numbers",
    )


@pytest.mark.task("7.1")
@given(prompt=st.lists(st.integers(0, 255), min_size=1, max_size=12), piece=st.integers(1, 14))
def test_pieces_of_any_size_read_the_same(prompt: list[int], piece: int):
    caches, logits = prefill(MODEL, prompt, piece)
    case = f"prompt {prompt}, prefill_step {piece}"
    expect_equal(caches[-1].offset, len(prompt), asked="the whole prompt is stored", case=case)
    expect_logits(logits, teacher(prompt, [])[0], "the logits behind the prompt", case)


# Task 7.2


@pytest.mark.task("7.2")
def test_each_slot_reads_its_own_token_at_its_own_place():
    prompts = {0: LONG, 1: SHORT, 2: MIDDLE}
    caches = cached(prompts, 3)
    logits = decode_step(MODEL, [11, 22, 33], caches)
    case = "slots with 10, 1 and 4 positions; newest tokens 11, 22, 33"
    for slot, token in enumerate([11, 22, 33]):
        expect_logits(
            logits[slot], teacher(prompts[slot], [token])[1], f"slot {slot}: the logits that it gets alone", case
        )


@pytest.mark.task("7.2")
def test_free_slots_get_no_logits():
    prompts = {1: LONG, 3: MIDDLE}
    model = Watched()
    logits = decode_step(model, [None, 22, None, 44], cached(prompts, 4))
    case = "slots 1 and 3 of 4 are live; newest tokens 22 and 44"
    expect_equal(logits.shape, (2, 258), asked="(live, V): a row for each live slot, in order", case=case)
    for row, (slot, token) in enumerate({1: 22, 3: 44}.items()):
        expect_logits(logits[row], teacher(prompts[slot], [token])[1], f"row {row}: slot {slot}'s logits", case)
    expect_equal(
        model.vocabulary_rows, 2, asked="only live rows pay for the vocabulary: rows given to model.logits", case=case
    )


@pytest.mark.task("7.2")
def test_a_step_stores_one_token_a_live_slot():
    caches = cached({0: LONG, 2: SHORT}, 3)
    decode_step(MODEL, [11, None, 33], caches)
    expect_equal(
        [cache.offsets for cache in caches],
        [[11, None, 2]] * LAYERS,
        asked="each live slot's offset grows by one, in every layer",
        case="slots 0 and 2 with 10 and 1 positions, slot 1 free",
    )


@pytest.mark.task("7.2")
def test_all_slots_go_through_the_model_at_once():
    model = Watched()
    decode_step(model, [11, 22, 33], cached({0: LONG, 1: SHORT, 2: MIDDLE}, 3))
    expect_equal(
        model.passes,
        [[[11], [22], [33]]],
        asked="one forward pass for all: its tokens, (B, 1)",
        case="three live slots",
    )


@pytest.mark.task("7.2")
def test_several_steps_follow_each_other():
    prompts, following = {0: MIDDLE, 2: LONG}, [5, 6, 7, 8]
    caches = cached(prompts, 3)
    for count, token in enumerate(following, start=1):
        logits = decode_step(MODEL, [token, None, token + 1], caches)
        case = f"slots 0 and 2 of 3, decode step {count}"
        expect_logits(logits[0], teacher(MIDDLE, following[:count])[count], "slot 0's logits", case)
        others = [each + 1 for each in following[:count]]
        expect_logits(logits[1], teacher(LONG, others)[count], "slot 2's logits", case)


@pytest.mark.task("7.2")
def test_what_others_left_behind_is_not_read():
    caches = cached({0: LONG, 1: MIDDLE}, 2)
    for cache in caches:
        cache.remove_request(0)
        if cache.keys is not None and cache.values is not None:
            cache.keys[0], cache.values[0] = 1e9, 1e9
            cache.keys[1, :, 4:], cache.values[1, :, 4:] = 1e9, 1e9
    logits = decode_step(MODEL, [None, 22], caches)
    expect_logits(
        logits[0],
        teacher(MIDDLE, [22])[1],
        "the logits that it gets alone",
        "slot 0 is free, slot 1 has 4 positions; every number behind and beside them is a billion",
    )


# Task 7.3


@pytest.mark.task("7.3")
def test_requests_get_the_lowest_slots_in_order():
    serving = batcher()
    requests = [ask(name, SHORT, 4) for name in "abcd"]
    for request in requests:
        serving.submit(request)
    serving.admit()
    case = "requests a, b, c, d and 3 slots"
    expect_equal(
        {slot: request.id for slot, request in serving.running.items()},
        {0: "a", 1: "b", 2: "c"},
        asked="running: the first three, by slot",
        case=case,
    )
    expect_equal([request.id for request in serving.waiting], ["d"], asked="waiting: those without a slot", case=case)
    expect_equal(
        [request.state.value for request in requests],
        ["prefilling"] * 3 + ["waiting"],
        asked="a request with a slot is PREFILLING",
        case=case,
    )


@pytest.mark.task("7.3")
def test_a_slot_that_gets_free_is_given_to_the_next():
    serving = batcher(batch_size=2)
    for name in "abcd":
        serving.submit(ask(name, SHORT, 4))
    serving.admit()
    serving.running[0].finish(FinishReason.CANCELLED)
    serving.retire()
    serving.admit()
    case = "a and b run, c and d wait; a finishes"
    expect_equal(
        {slot: request.id for slot, request in sorted(serving.running.items())},
        {0: "c", 1: "b"},
        asked="c, the oldest that waits, gets a's slot, and b keeps its own",
        case=case,
    )


@pytest.mark.task("7.3")
def test_running_requests_share_a_budget_of_tokens():
    serving = batcher(batch_size=4, max_batch_tokens=30)
    for name, length, limit in (("a", 10, 6), ("b", 5, 5), ("c", 5, 5), ("d", 1, 1)):
        serving.submit(ask(name, [7] * length, limit))
    serving.admit()
    case = "max_batch_tokens 30; a may grow to 16 tokens, b and c to 10, d to 2; 4 slots"
    expect_equal(
        [request.id for request in serving.running.values()],
        ["a", "b"],
        asked="a and b may grow to 26 tokens together. c does not fit, and d does not overtake it",
        case=case,
    )
    serving.running[1].finish(FinishReason.CANCELLED)
    serving.retire()
    serving.admit()
    expect_equal(
        sorted(request.id for request in serving.running.values()),
        ["a", "c", "d"],
        asked="c and d fit when b has left",
        case=case,
    )


@pytest.mark.task("7.3")
def test_who_does_not_fit_keeps_its_place():
    serving = batcher(batch_size=4, max_batch_tokens=20)
    for name, limit in (("a", 15), ("z", 10), ("m", 9), ("b", 8)):
        serving.submit(ask(name, SHORT, limit))
    waiting = []
    for _ in range(2):
        serving.admit()
        waiting.append([request.id for request in serving.waiting])
    serving.running[0].finish(FinishReason.CANCELLED)
    serving.retire()
    serving.admit()
    expect_equal(
        (waiting, [request.id for request in serving.running.values()], [request.id for request in serving.waiting]),
        ([["z", "m", "b"]] * 2, ["z"], ["m", "b"]),
        asked="(waiting after two looks, running when a has left, waiting then): in order of arrival all along",
        case="a may grow to 16 tokens, z to 11, m to 10, b to 9; max_batch_tokens 20",
    )


@pytest.mark.task("7.3")
def test_a_budget_may_be_used_to_the_last_token():
    serving = batcher(max_batch_tokens=20)
    for name in "ab":
        serving.submit(ask(name, [7] * 5, 5))
    serving.admit()
    expect_equal(
        len(serving.running), 2, asked="20 tokens fit in 20: running requests", case="two requests of 5 + 5 tokens"
    )


@pytest.mark.task("7.3")
def test_a_budget_is_not_exceeded_by_one_token():
    serving = batcher(max_batch_tokens=19)
    for name in "ab":
        serving.submit(ask(name, [7] * 5, 5))
    serving.admit()
    expect_equal(
        (len(serving.running), len(serving.waiting)),
        (1, 1),
        asked="20 tokens are too many for 19, though the last one of each may never be stored: (running, waiting)",
        case="max_batch_tokens 19, two requests of 5 + 5 tokens",
    )


@pytest.mark.task("7.3")
@pytest.mark.parametrize(
    ("length", "limit", "options"),
    [(16, 1, {"max_seq_len": 16}), (40, 4, {"max_seq_len": 16}), (10, 11, {"max_batch_tokens": 20})],
    ids=["no-room-for-a-token", "longer-than-a-slot", "more-than-the-budget"],
)
def test_what_can_never_be_served_is_refused(length: int, limit: int, options: dict[str, int]):
    serving = batcher(**options)
    case = f"a prompt of {length} tokens that wants {limit} more; {options}"
    expect_raises(
        ValueError, lambda: serving.submit(ask("a", [7] * length, limit)), asked="a ValueError at submission", case=case
    )
    expect_equal(len(serving.waiting), 0, asked="nothing was taken", case=case)


@pytest.mark.task("7.3")
def test_the_longest_prompt_that_fits_is_taken():
    serving = batcher(max_seq_len=16)
    request = ask("a", [7] * 15, 9)
    serving.submit(request)
    expect_equal(
        (len(serving.waiting), request.max_tokens),
        (1, 1),
        asked="it is taken, and max_tokens is lowered to what is left: (waiting, max_tokens)",
        case="a prompt of 15 tokens that wants 9 more, max_seq_len 16",
    )


@pytest.mark.task("7.3")
def test_a_limit_that_fits_is_left_alone():
    serving = batcher(max_seq_len=16)
    request = ask("a", [7] * 10, 6)
    serving.submit(request)
    expect_equal(request.max_tokens, 6, asked="10 + 6 tokens fit in 16: max_tokens stays", case="max_seq_len 16")


@pytest.mark.task("7.3")
def test_the_budget_counts_the_lowered_limit():
    serving = batcher(max_seq_len=16, max_batch_tokens=16)
    serving.submit(ask("a", [7] * 10, 1000))
    expect_equal(
        len(serving.waiting), 1, asked="it can't grow beyond 16 tokens, so it fits", case="max_seq_len 16, budget 16"
    )


@pytest.mark.task("7.3")
@pytest.mark.parametrize("running", [False, True], ids=["waiting", "running"])
def test_an_id_is_used_once_at_a_time(running: bool):
    serving = batcher()
    serving.submit(ask("a", SHORT, 4))
    if running:
        serving.admit()
    expect_raises(
        ValueError,
        lambda: serving.submit(ask("a", LONG, 4)),
        asked="a ValueError naming the id",
        case=f"a request a is {'running' if running else 'waiting'}, and another with this id comes",
        mentions=["a"],
    )


@pytest.mark.task("7.3")
def test_retiring_frees_slot_and_cache():
    serving = batcher()
    for name in "abc":
        serving.submit(ask(name, SHORT, 4))
    serving.admit()
    for cache, other in zip(serving.caches, cached({0: LONG, 1: SHORT}, 3), strict=True):
        cache.keys, cache.values, cache.offsets = other.keys, other.values, other.offsets
    serving.running[0].finish(FinishReason.CANCELLED)
    serving.running[2].finish(FinishReason.CANCELLED)
    serving.retire()
    case = "a, b, c run; a is stored, b is stored, c is not yet; a and c have finished"
    expect_equal(
        {slot: each.id for slot, each in serving.running.items()}, {1: "b"}, asked="b runs on in its slot", case=case
    )
    expect_equal(serving.slots.slot_of, {"b": 1}, asked="the slot manager knows only b", case=case)
    expect_equal(
        [cache.offsets for cache in serving.caches],
        [[None, 1, None]] * LAYERS,
        asked="a's slot is free in every layer",
        case=case,
    )


@pytest.mark.task("7.3")
@pytest.mark.parametrize("running", [False, True], ids=["waiting", "running"])
def test_a_cancelled_request_leaves_nothing_behind(running: bool):
    serving = batcher(batch_size=2)
    requests = [ask(name, SHORT, 4) for name in "abc"]
    for request in requests:
        serving.submit(request)
    serving.admit()
    gone = "a" if running else "c"
    serving.cancel(gone)
    case = f"a and b run, c waits; {gone} is cancelled"
    left = {request.id for request in [*serving.waiting, *serving.running.values()]}
    expect_equal(sorted(left), sorted({"a", "b", "c"} - {gone}), asked="the others stay", case=case)
    expect_equal(sorted(serving.slots.slot_of), ["b"] if running else ["a", "b"], asked="ids with a slot", case=case)
    reason = next(request.finish_reason for request in requests if request.id == gone)
    expect_equal(reason, FinishReason.CANCELLED, asked="its reason", case=case)


@pytest.mark.task("7.3")
def test_a_cancelled_request_gets_the_text_that_was_held_back():
    seen: list[tuple[str, bool, int]] = []
    serving: ContinuousBatcher

    def on_token(request: Request, text: str) -> None:
        seen.append((text, request.is_finished, serving.slots.num_free))

    serving = batcher(batch_size=2, on_token=on_token)
    request = ask("a", SHORT, 9, decode=BYTES.decode, stop=["<end>"])
    serving.submit(request)
    serving.admit()
    request.advance(RequestState.DECODING)
    for token in b"x<e":
        request.append_token(token)
    serving.cancel("a")
    expect_equal(
        seen,
        [("<e", True, 2)],
        asked="on_token gets the held text, when nothing of the request is left: (text, finished, free slots)",
        case="stop string <end>, text so far 'x<e'; the request is cancelled; 2 slots",
    )


@pytest.mark.task("7.3")
def test_a_refused_request_is_left_as_it_was():
    serving = batcher(max_seq_len=16)
    serving.submit(ask("a", SHORT, 4))
    second = ask("a", [7] * 10, 100)
    case = "a waits, and another request a comes that wants 100 tokens; max_seq_len 16"
    expect_raises(ValueError, lambda: serving.submit(second), asked="a ValueError", case=case)
    expect_equal(second.max_tokens, 100, asked="nothing has changed: its max_tokens", case=case)


@pytest.mark.task("7.3")
def test_who_is_not_there_can_not_be_cancelled():
    serving = batcher()
    serving.submit(ask("a", SHORT, 4))
    serving.cancel("a")
    expect_raises(
        ValueError,
        lambda: serving.cancel("a"),
        asked="a ValueError naming it",
        case="a was cancelled before",
        mentions=["a"],
    )


# Task 7.4


@pytest.mark.task("7.4")
def test_one_request_is_served_as_alone():
    request = ask("a", LONG, 12)
    serve([request])
    expect_alone([request], "one request of 10 tokens and 12 new ones, 3 slots")
    expect_equal(request.finish_reason, FinishReason.LENGTH, asked="its reason", case="12 of 12 tokens")


@pytest.mark.task("7.4")
def test_unequal_requests_are_served_as_alone():
    requests = [ask("a", LONG, 9), ask("b", SHORT, 14), ask("c", MIDDLE, 3)]
    serve(requests)
    expect_alone(requests, "prompts of 10, 1 and 4 tokens, limits 9, 14 and 3, 3 slots")


@pytest.mark.task("7.4")
def test_more_requests_than_slots():
    requests = [ask(str(index), LONG[: 1 + index % 7], 2 + 5 * index % 9) for index in range(11)]
    serve(requests, batch_size=3)
    expect_alone(requests, "11 requests of 1 to 7 tokens and unequal limits, 3 slots")


@pytest.mark.task("7.4")
def test_two_requests_with_the_same_text_are_two():
    requests = [ask("a", MIDDLE, 6), ask("b", MIDDLE, 6), ask("c", MIDDLE, 3)]
    serve(requests)
    expect_alone(requests, "three requests with one and the same prompt, limits 6, 6 and 3")


@pytest.mark.task("7.4")
def test_the_first_step_gives_two_tokens():
    serving = batcher()
    requests = [ask("a", LONG, 9), ask("b", SHORT, 9)]
    for request in requests:
        serving.submit(request)
    serving.step()
    expect_equal(
        [len(request.tokens) for request in requests],
        [2, 2],
        asked="a step admits, prefills (a first token each) and decodes (a second): tokens after one step",
        case="two requests, 3 slots",
    )


@pytest.mark.task("7.4")
def test_all_slots_decode_in_one_pass():
    model = Watched()
    serve([ask(str(index), MIDDLE, 7) for index in range(3)], model=model)
    expect_equal(
        model.decodes,
        6,
        asked="6 decode passes for three requests that run side by side: each has its first token from the prefill",
        case="three requests of 7 new tokens, 3 slots",
    )


@pytest.mark.task("7.4")
def test_a_request_joins_as_soon_as_another_leaves():
    model = Watched()
    serve([ask("a", SHORT, 3), ask("b", SHORT, 12), ask("c", SHORT, 10)], model=model, batch_size=2)
    expect_equal(
        model.decodes,
        11,
        asked="c joins b when a has left, so b's 11 decode passes are enough; a batch that waits for b needs 20",
        case="limits 3, 12 and 10; 2 slots",
    )


@pytest.mark.task("7.4")
def test_decoding_goes_on_while_others_wait():
    serving = batcher(batch_size=2)
    requests = [ask(str(index), SHORT, 6) for index in range(8)]
    for request in requests:
        serving.submit(request)
    counts = []
    for _ in range(3):
        serving.step()
        counts.append([len(request.tokens) for request in requests[:3]])
    expect_equal(
        counts,
        [[2, 2, 0], [3, 3, 0], [4, 4, 0]],
        asked="running requests get a token at every step, even while others wait: tokens of the first three, by step",
        case="8 requests of 6 tokens, 2 slots",
    )


@pytest.mark.task("7.4")
def test_first_come_first_served():
    order: list[str] = []
    requests = [ask(str(index), SHORT, 4) for index in range(7)]
    serve(requests, batch_size=2, on_token=lambda request, text: order.append(request.id))
    expect_equal(
        list(dict.fromkeys(order)),
        [str(index) for index in range(7)],
        asked="requests begin in the order of their arrival: their ids, in order of the first token",
        case="7 requests, 2 slots",
    )


@pytest.mark.task("7.4")
def test_prompts_are_read_in_order_of_admission():
    model = Watched()
    serving = batcher(model)
    for name in "az":
        serving.submit(ask(name, SHORT if name == "a" else LONG[:4], 4))
    serving.admit()
    serving.cancel("a")
    serving.submit(ask("m", MIDDLE[:3], 4))
    serving.admit()
    slots = {request.id: slot for slot, request in serving.running.items()}
    serving.prefill()
    expect_equal(
        (slots, model.passes),
        ({"z": 1, "m": 0}, [[LONG[:4]], [MIDDLE[:3]]]),
        asked="z was admitted before m, whatever their slots, names and lengths: (slots, the tokens of each pass)",
        case="a and z are admitted, a is cancelled before its prompt is read, and m, which is shorter, gets its slot",
    )


@pytest.mark.task("7.4")
def test_every_prompt_is_read_once():
    model = Watched()
    requests = [ask(str(index), LONG[: 2 + index], 4) for index in range(6)]
    serve(requests, model=model, batch_size=2)
    read = [token for rows in model.passes if len(rows) == 1 for token in rows[0]]
    expect_equal(
        read,
        [token for request in requests for token in request.prompt],
        asked="each prompt goes through the model once, whole and in order: the tokens of all one-row passes",
        case="6 requests of 2 to 7 tokens, 2 slots, pieces of 4",
    )


@pytest.mark.task("7.4")
def test_an_answer_may_be_over_with_its_first_token():
    eos = serve_alone(MODEL, MIDDLE, 1).tokens[0]
    requests = [ask("a", LONG, 1), ask("b", MIDDLE, 9, eos_token_ids={eos}), ask("c", SHORT, 5)]
    case = "a wants 1 token, b's first token is EOS, c wants 5; 2 slots"
    try:
        serving = serve(requests, batch_size=2)
    except ValueError as error:
        asked = "an answer that is over with its first token has left before the decode pass"
        raise Mismatch(asked, case, f"{type(error).__name__}: {error}", "no error") from error
    expect_alone(requests, case)
    expect_equal(
        [request.finish_reason for request in requests],
        [FinishReason.LENGTH, FinishReason.EOS, FinishReason.LENGTH],
        asked="their reasons",
        case=case,
    )
    expect_equal(
        (serving.slots.num_free, [cache.live for cache in serving.caches]),
        (2, [[]] * LAYERS),
        asked="everything is free",
        case=case,
    )


@pytest.mark.task("7.4")
def test_eos_ends_an_answer_in_the_middle():
    alone = serve_alone(MODEL, LONG, 12)
    eos = alone.tokens[7]
    requests = [ask("a", LONG, 12, eos_token_ids={eos}), ask("b", SHORT, 12)]
    serve(requests)
    case = "a's eighth token is EOS, b has none"
    expect_alone(requests, case)
    expect_equal(requests[0].finish_reason, FinishReason.EOS, asked="a's reason", case=case)
    expect_true(
        eos not in requests[0].tokens, asked="EOS is no part of the answer", case=case, got=str(requests[0].tokens)
    )


@pytest.mark.task("7.4")
def test_an_answer_fills_its_slot_and_no_more():
    requests = [ask("a", LONG, 100), ask("b", SHORT, 100)]
    serve(requests, max_seq_len=16)
    case = "prompts of 10 and 1 tokens that want 100 more, max_seq_len 16"
    expect_equal(
        [len(request.tokens) for request in requests], [6, 15], asked="prompt and answer have 16 tokens", case=case
    )
    expect_alone(requests, case, limits=[6, 15])


@pytest.mark.task("7.4")
def test_the_next_tenant_does_not_read_the_last_one():
    requests = [ask("a", LONG * 3, 5), ask("b", SHORT, 9), ask("c", MIDDLE, 12)]
    serve(requests, batch_size=1)
    expect_alone(requests, "a long request, then two short ones, all through the one slot")


@pytest.mark.task("7.4")
def test_an_idle_batcher_holds_nothing():
    serving = serve([ask(str(index), MIDDLE, 3 + index) for index in range(5)], batch_size=2)
    expect_equal(
        (len(serving.waiting), len(serving.running), serving.slots.num_free, [cache.live for cache in serving.caches]),
        (0, 0, 2, [[]] * LAYERS),
        asked="(waiting, running, free slots, live slots in each layer) at the end",
        case="five requests through 2 slots",
    )
    serving.step()
    expect_true(not serving.has_work, asked="a step without requests does nothing", case="an idle batcher")


@pytest.mark.task("7.4")
def test_requests_that_arrive_later_join_at_the_next_step():
    serving = batcher()
    first, late = ask("a", LONG, 12), ask("late", MIDDLE, 5)
    serving.submit(first)
    for _ in range(4):
        serving.step()
    serving.submit(late)
    serving.step()
    case = "a runs for 4 steps, then another request arrives; 3 slots"
    expect_equal(
        (len(first.tokens), len(late.tokens)), (6, 2), asked="it starts at once: tokens of (a, late)", case=case
    )
    run_out(serving, case)
    expect_alone([first, late], case)


@pytest.mark.task("7.4")
def test_a_request_cancelled_while_decoding_harms_nobody():
    serving = batcher(batch_size=2)
    requests = [ask("a", LONG, 20), ask("b", MIDDLE, 9), ask("c", SHORT, 7)]
    for request in requests:
        serving.submit(request)
    serving.step()
    serving.step()
    serving.cancel("a")
    case = "a and b run, c waits; a is cancelled after two steps; 2 slots"
    expect_equal(
        [cache.live for cache in serving.caches], [[1]] * LAYERS, asked="a's slot is free in every layer", case=case
    )
    run_out(serving, case)
    expect_alone(requests[1:], case)
    expect_equal(len(requests[0].tokens), 3, asked="a keeps the tokens that it had", case=case)


@pytest.mark.task("7.4")
def test_a_callback_may_cancel_anybody():
    serving: ContinuousBatcher
    requests = [ask("a", LONG, 20), ask("b", MIDDLE, 9), ask("c", SHORT, 7)]

    def on_token(request: Request, text: str) -> None:
        if request.id == "a" and len(request.tokens) == 3 and not request.is_finished:
            serving.cancel("b")
            serving.cancel("a")

    serving = batcher(on_token=on_token)
    for request in requests:
        serving.submit(request)
    case = "three requests; when a gets its third token, its callback cancels b and a"
    run_out(serving, case)
    expect_equal([len(request.tokens) for request in requests], [3, 3, 7], asked="tokens of a, b and c", case=case)
    expect_alone(requests[2:], case)


@pytest.mark.task("7.4")
def test_a_callback_may_cancel_a_newcomer_that_is_not_read_yet():
    serving: ContinuousBatcher
    requests = [ask("a", LONG, 5), ask("b", MIDDLE, 9), ask("c", SHORT, 7)]

    def on_token(request: Request, text: str) -> None:
        if request.id == "a" and len(request.tokens) == 1:
            serving.cancel("b")

    serving = batcher(on_token=on_token)
    for request in requests:
        serving.submit(request)
    case = "a, b and c arrive together; when a gets its first token, its callback cancels b, which is to be read next"
    run_out(serving, case)
    expect_equal([len(request.tokens) for request in requests], [5, 0, 7], asked="tokens of a, b and c", case=case)
    expect_alone([requests[0], requests[2]], case)


@pytest.mark.task("7.4")
@pytest.mark.parametrize("tokens", [1, 3], ids=["first-token", "later-token"])
def test_a_decode_that_raises_ends_its_own_request_only(tokens: int):
    def decode(ids: Sequence[int]) -> str:
        if len(broken.tokens) >= tokens:
            raise KeyError("no text for this")
        return "x" * len(ids)

    broken = ask("broken", SHORT, 9, decode=decode)
    others = [ask("a", LONG, 5), ask("b", [9, 9], 4)]
    serving = batcher(batch_size=3)
    for request in [others[0], broken, others[1]]:
        serving.submit(request)
    case = f"three requests; the `decode` of the second raises KeyError at its token {tokens}"
    before = [0, 0]
    for _ in range(tokens):
        if not broken.is_finished:
            before = [len(each.tokens) for each in others]
            serving.step()
    got = [len(each.tokens) - count for each, count in zip(others, before, strict=True)]
    held = broken in serving.running.values()
    expect_equal(
        (broken.finish_reason, broken.error, got, held, serving.slots.num_free),
        (FinishReason.ERROR, "KeyError: 'no text for this'", [2, 2] if tokens == 1 else [1, 1], False, 1),
        asked="(its reason, its error, tokens of the others in that step, does it hold a slot, free slots)",
        case=case,
    )
    run_out(serving, case)
    expect_alone(others, case)


@pytest.mark.task("7.4")
def test_a_callback_that_raises_harms_nobody():
    angry = True

    def on_token(request: Request, text: str) -> None:
        if angry and request.id == "b":
            raise RuntimeError("the caller's connection broke")

    requests = [ask("a", LONG, 5), ask("b", MIDDLE, 9), ask("c", SHORT, 7)]
    serving = batcher(on_token=on_token)
    for request in requests:
        serving.submit(request)
    raised = 0
    for _ in range(6):
        try:
            serving.step()
        except RuntimeError as error:
            if isinstance(error, NotImplementedError):
                raise
            raised += 1
    angry = False
    case = "b's callback raises at every token for six steps; the server catches it and goes on"
    expect_true(
        raised > 0, asked="the error reaches the caller of step", case=case, got="no error", expected="RuntimeError"
    )
    run_out(serving, case)
    expect_alone(requests, case)


@pytest.mark.task("7.4")
def test_tokens_are_streamed_as_they_come():
    shown: dict[str, str] = {"a": "", "b": ""}
    requests = [ask(name, list(text), 9, decode=BYTES.decode) for name, text in (("a", b"hello"), ("b", b"x"))]

    def on_token(request: Request, text: str) -> None:
        shown[request.id] += text

    serve(requests, on_token=on_token)
    expect_equal(
        shown,
        {each.id: each.text for each in requests},
        asked="all that was streamed is the final text",
        case="two requests",
    )


@pytest.mark.task("7.4")
def test_each_pass_is_reported_slot_by_slot():
    passes: list[list[tuple[int, str, int, int]]] = []

    def on_step(rows: Sequence[Any]) -> None:
        passes.append([(row.slot, str(row.kind), row.tokens, row.sampled) for row in rows if row.request is not None])

    serve([ask("a", LONG, 3), ask("b", MIDDLE, 2)], on_step=on_step)
    expect_equal(
        passes,
        [
            [(0, "prefill", 10, 1)],
            [(1, "prefill", 4, 1)],
            [(0, "decode", 1, 1), (1, "decode", 1, 1)],
            [(0, "decode", 1, 1)],
        ],
        asked="on_step hears of each prompt and of each decode pass: (slot, kind, tokens read, tokens sampled)",
        case="prompts of 10 and 4 tokens, limits 3 and 2",
    )


@pytest.mark.task("7.4")
def test_a_model_of_one_layer_is_served():
    one = tiny_random(seed=5, num_layers=1)
    requests = [ask("a", LONG, 6), ask("b", MIDDLE, 4)]
    serve(requests, model=one)
    expect_equal(
        [request.tokens for request in requests],
        [serve_alone(one, request.prompt, request.max_tokens).tokens for request in requests],
        asked="a model may have any number of layers, also a single one: the tokens of both",
        case="a model of one layer; prompts of 10 and 4 tokens",
    )


@pytest.mark.task("7.4")
def test_requests_draw_alone_what_they_draw_in_company():
    def hot(name: str, seed: int) -> Request:
        return ask(name, MIDDLE, 10, sampling=SamplingParams(temperature=1.0, seed=seed))

    together, alone = [hot("a", 1), hot("b", 2), hot("c", 3)], [hot("a", 1), hot("b", 2), hot("c", 3)]
    serve([ask("x", LONG, 4), *together], batch_size=3)
    for request in alone:
        serve([request], batch_size=1)
    expect_equal(
        [request.tokens for request in together],
        [request.tokens for request in alone],
        asked="the same seed gives the same answer, whatever its batch-mates",
        case="three requests at temperature 1 with seeds 1, 2, 3: beside others, and alone",
    )


@pytest.mark.task("7.4")
def test_computed_tokens_are_counted():
    serving = batcher()
    request = ask("a", LONG, 9)
    serving.submit(request)
    counts = []
    for _ in range(3):
        serving.step()
        counts.append(request.num_computed_tokens)
    expect_equal(
        counts,
        [11, 12, 13],
        asked="num_computed_tokens after each step: what is stored, which is all but the newest token",
        case="a prompt of 10 tokens",
    )


@pytest.mark.task("7.4")
@settings(max_examples=40)
@given(data=st.data())
def test_any_traffic_is_served_as_alone(data: st.DataObject):
    count = data.draw(st.integers(1, 7), label="requests")
    slots, piece = data.draw(st.integers(1, 4), label="slots"), data.draw(st.integers(1, 12), label="prefill_step")
    eos = data.draw(st.none() | st.sampled_from(serve_alone(MODEL, MIDDLE, 6).tokens), label="eos")
    serving, requests, cancelled = batcher(batch_size=slots, prefill_step=piece, max_seq_len=24), [], set[str]()
    for index in range(count):
        prompt = data.draw(st.lists(st.integers(0, 255), min_size=1, max_size=10) | st.just(MIDDLE), label="prompt")
        request = ask(str(index), prompt, data.draw(st.integers(1, 9), label="limit"), eos_token_ids={eos} - {None})
        requests.append(request)
        serving.submit(request)
        for _ in range(data.draw(st.integers(0, 3), label="steps")):
            serving.step()
        alive = [each.id for each in [*serving.waiting, *serving.running.values()]]
        if alive and data.draw(st.integers(0, 5), label="cancel") == 0:
            cancelled.add(data.draw(st.sampled_from(alive), label="who"))
            serving.cancel(max(cancelled & set(alive)))
    case = f"{count} requests, {slots} slots, pieces of {piece}, EOS {eos}"
    run_out(serving, case, most_steps=count * 10)
    done = [request for request in requests if request.finish_reason is not FinishReason.CANCELLED]
    expect_alone(done, case)
    expect_true(
        all(request.is_finished for request in requests),
        asked="every request has ended",
        case=case,
        got="some have not",
    )


# Task 7.5


def texts(*prompts: Any, **options: Any) -> list[Any]:
    defaults = {"max_seq_len": 64, "batch_size": 2, "prefill_step": 8, "max_tokens": 6, "clock": VirtualClock()}
    return batch_generate(MODEL, BYTES, list(prompts), **{**defaults, **options})


def alone_text(prompt: str, limit: int) -> str:
    return BYTES.decode(serve_alone(MODEL, BYTES.encode(prompt), limit, BYTES.eos_token_id).tokens)


@pytest.mark.task("7.5")
def test_results_come_in_the_prompts_order():
    prompts = ["a long prompt with many words", "b", "cc", "another one", "e"]
    results = texts(*prompts)
    expect_equal(
        [result.text for result in results],
        [alone_text(prompt, 6) for prompt in prompts],
        asked="each prompt's own answer, in the order of the prompts",
        case="five prompts, 2 slots",
    )


@pytest.mark.task("7.5")
def test_equal_prompts_are_answered_each():
    results = texts("same", "same", "same")
    expect_equal(
        [result.text for result in results],
        [alone_text("same", 6)] * 3,
        asked="three answers",
        case="one prompt three times",
    )


@pytest.mark.task("7.5")
def test_no_prompts_no_results():
    expect_equal(texts(), [], asked="an empty list", case="no prompt at all")


@pytest.mark.task("7.5")
def test_a_bad_prompt_is_its_own_error_and_the_others_are_served():
    results = texts("good", "", 42, "x" * 200, "fine", max_seq_len=32)
    case = "prompts 'good', '', 42, 200 letters, 'fine'; max_seq_len 32"
    expect_equal(
        [result.finish_reason for result in results],
        [FinishReason.LENGTH, FinishReason.ERROR, FinishReason.ERROR, FinishReason.ERROR, FinishReason.LENGTH],
        asked="an ERROR for each bad one, in its place",
        case=case,
    )
    expect_equal(
        [results[0].text, results[4].text],
        [alone_text("good", 6), alone_text("fine", 6)],
        asked="the good ones' answers",
        case=case,
    )
    said = [bool(result.error) for result in results]
    expect_equal(
        said, [False, True, True, True, False], asked="`error` says what was wrong, where something was", case=case
    )


@pytest.mark.task("7.5")
def test_only_a_bad_prompt_is_forgiven():
    class Broken(ByteTokenizer):
        def encode(self, text: str) -> list[int]:
            if text == "b":
                raise KeyError("the tokenizer is broken")
            return super().encode(text)

    expect_raises(
        KeyError,
        lambda: batch_generate(
            MODEL, Broken(), ["a", "b"], max_seq_len=64, batch_size=2, max_tokens=2, clock=VirtualClock()
        ),
        asked="an error that is not a ValueError is not a bad prompt: it is raised",
        case="a tokenizer that raises KeyError",
    )


@pytest.mark.task("7.5")
@pytest.mark.parametrize("limit", ["batch_size", "max_seq_len", "prefill_step", "max_tokens"])
def test_a_limit_of_zero_is_an_error(limit: str):
    texts("a", **{limit: 1 if limit != "max_seq_len" else 8})  # the smallest good limits serve
    expect_raises(
        ValueError,
        lambda: texts("a", **{limit: 0}),
        asked="a ValueError: nothing could be served",
        case=f"{limit} 0",
        mentions=[limit],
    )


@pytest.mark.task("7.5")
def test_one_text_is_not_a_list_of_texts():
    texts("hello")  # a list of one text is served
    expect_raises(
        ValueError,
        lambda: batch_generate(MODEL, BYTES, "hello", clock=VirtualClock()),
        asked="a ValueError, and not one answer for each letter",
        case='prompts="hello"',
    )


@pytest.mark.task("7.5")
def test_prompts_may_arrive_later():
    asked: list[int] = []
    steps = 0

    def on_step(rows: Any) -> None:
        nonlocal steps
        steps += 1

    def arrivals() -> Iterator[str | None]:
        for prompt in ("first", None, None, "second", None, "third"):
            if prompt is not None:
                asked.append(steps)
            yield prompt

    results = batch_generate(MODEL, BYTES, arrivals(), max_seq_len=64, batch_size=2, max_tokens=8, on_step=on_step)
    case = "an iterator: first, None, None, second, None, third; 2 slots"
    expect_equal(
        [result.text for result in results],
        [alone_text(prompt, 8) for prompt in ("first", "second", "third")],
        asked="all three answers, in order",
        case=case,
    )
    expect_equal(
        asked,
        [0, 3, 5],
        asked="None lets a step go ahead: forward passes that had run when each prompt was asked for (a step with a "
        "newcomer makes two, a step without makes one)",
        case=case,
    )


@pytest.mark.task("7.5")
def test_an_idle_server_asks_again():
    prompts = iter(["a", *[None] * 30, "b"])
    results = batch_generate(MODEL, BYTES, prompts, max_seq_len=64, batch_size=2, max_tokens=4)
    expect_equal(
        [result.text for result in results],
        [alone_text("a", 4), alone_text("b", 4)],
        asked="a prompt that arrives long after the last answer is served, too",
        case="prompt a, then 30 times None, then prompt b",
    )


@pytest.mark.task("7.5")
def test_callbacks_know_which_prompt_it_is():
    shown: dict[str, str] = {}

    def on_token(request: Request, text: str) -> None:
        shown[request.id] = shown.get(request.id, "") + text

    results = texts("one", "", "three", on_token=on_token)
    expect_equal(
        shown,
        {"0": results[0].text, "2": results[2].text},
        asked="ids are the places of the prompts, and what was streamed is the text",
        case="prompts 'one', '' (refused), 'three'",
    )


@pytest.mark.task("7.5")
def test_times_come_from_the_clock():
    clock = VirtualClock()
    results = batch_generate(
        MODEL,
        BYTES,
        ["a", "b"],
        max_seq_len=64,
        batch_size=1,
        max_tokens=4,
        clock=clock,
        on_step=lambda rows: clock.advance(1),
    )
    expect_equal(
        [(result.ttft, result.latency) for result in results],
        [(0.0, 3.0), (4.0, 7.0)],
        asked="(ttft, latency) in seconds, from arrival; the second waits for the only slot",
        case="two prompts of 4 tokens, 1 slot; each forward pass takes a second, counted after its tokens came",
    )
