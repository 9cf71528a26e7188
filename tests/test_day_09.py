"""Day 9 · Mixed batches: one plan a step under a token budget, one packed forward pass, and an engine around both."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.engine import Engine, Event, FinishedEvent, PreemptedEvent, TokenEvent
from tiny_batch.packed_attention import GROUP_COST, PackedKvCache, length_groups, packed_attend
from tiny_batch.packing import pack
from tiny_batch.plan import Arrival, QueueFull, Scheduler, StepPlan, Work
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch.runner import MlxRunner
from tiny_batch.sampling import SamplingParams
from tiny_batch.token_budget import TokenBudget
from tiny_batch_kit.grading.expect import expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.attention import attention
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.model.tokenizer import ByteTokenizer

MODEL = tiny_random(seed=5)
LONG = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3]  # 18 tokens
GREEDY = SamplingParams()


def ask(name: str, prompt: Sequence[int], max_tokens: int, **options: Any) -> Request:
    return Request(name, prompt, max_tokens, **options)


def scheduler(**options: Any) -> Scheduler:
    return Scheduler(**{"max_running": 3, "max_batched_tokens": 8, "max_seq_len": 64, **options})


def brief(plan: StepPlan) -> list[tuple[str, int, int, int]]:
    """(request, start, tokens, wanted) of each work of a plan."""
    return [(work.request_id, work.start, len(work.tokens), work.wanted) for work in plan.work]


def next_token(history: Sequence[int]) -> int:
    """What the pretended model says after `history`: every token of it counts, and its place."""
    return sum((place + 1) * (token + 7) for place, token in enumerate(history)) % 251


def told_alone(request: Request) -> list[int]:
    """The tokens that the pretended model gives to a request that is alone."""
    history, tokens = list(request.prompt), list[int]()
    while len(tokens) < request.max_tokens and (token := next_token(history)) not in request.eos_token_ids:
        tokens.append(token)
        history.append(token)
    return tokens


class Pretended:
    """A runner without a model, which remembers what is stored in each slot, and finds fault with bad plans."""

    def __init__(self, breaks: Callable[[StepPlan], bool] = lambda plan: False) -> None:
        self.stored: dict[int, tuple[str, list[int]]] = {}
        self.plans: list[StepPlan] = []
        self.faults: list[str] = []
        self._breaks = breaks

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        self.plans.append(plan)
        if self._breaks(plan):
            raise MemoryError("no room for the scores")
        sampled = {}
        for work in plan.work:
            owner, stored = self.stored.get(work.slot, ("", []))
            history = stored[: work.start] if owner == work.request_id else []
            if len(history) != work.start:
                self.faults.append(f"{work.request_id} begins at {work.start}, but {len(history)} are stored")
            history = [*history, *work.tokens]
            self.stored[work.slot] = (work.request_id, history)
            if work.wanted:
                sampled[work.request_id] = [next_token(history)]
        return sampled


def drive(engine: Engine, case: str, most_steps: int = 400) -> list[Event]:
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


def go(serving: Scheduler, steps: int) -> list[list[tuple[str, int, int, int]]]:
    """Plan and commit some steps, with the pretended model's tokens; returns the plans, briefly."""
    runner, seen = Pretended(), []
    for _ in range(steps):
        plan = serving.plan()
        seen.append(brief(plan))
        sampled = runner.run(plan)
        serving.commit(plan)
        for name, tokens in sampled.items():
            request = serving.running[name]
            request.append_token(tokens[0])
            if request.is_finished:
                serving.remove(name)
    return seen


# Task 9.1


@pytest.mark.task("9.1")
def test_a_prompt_is_read_as_the_budget_allows():
    serving = scheduler()
    serving.add(ask("a", LONG, 3))
    expect_equal(
        go(serving, 5),
        [[("a", 0, 8, 0)], [("a", 8, 8, 0)], [("a", 16, 2, 1)], [("a", 18, 1, 1)], [("a", 19, 1, 1)]],
        asked="each step's work as (request, start, tokens, wanted): logits are wanted at the end of the prompt",
        case="a prompt of 18 tokens and 3 new ones, 8 tokens a step",
    )


@pytest.mark.task("9.1")
def test_who_decodes_comes_first_then_who_is_read():
    serving = scheduler(max_batched_tokens=12)
    serving.add(ask("a", LONG, 9))
    go(serving, 1)
    serving.add(ask("b", [5], 9))
    go(serving, 1)  # a is read to its end, b gets its token
    serving.add(ask("c", LONG, 9))
    go(serving, 1)
    expect_equal(
        go(serving, 2),
        [
            [("a", 19, 1, 1), ("b", 2, 1, 1), ("c", 10, 8, 1)],
            [("a", 20, 1, 1), ("b", 3, 1, 1), ("c", 18, 1, 1)],
        ],
        asked="in order of admission: those that decode stand before the one that is still being read",
        case="a and b decode, c was admitted in the step before and has 10 of 18 tokens; 12 tokens a step",
    )


@pytest.mark.task("9.1")
def test_running_ones_that_are_read_come_before_newcomers():
    serving = scheduler(max_batched_tokens=4)
    for name in "ab":
        serving.add(ask(name, LONG[:7], 4))
    expect_equal(
        go(serving, 4),
        [
            [("a", 0, 4, 0)],
            [("a", 4, 3, 1), ("b", 0, 1, 0)],
            [("a", 7, 1, 1), ("b", 1, 3, 0)],
            [("a", 8, 1, 1), ("b", 4, 3, 1)],
        ],
        asked="a is read to its end before b begins; what a leaves of the budget is b's",
        case="two prompts of 7 tokens, 4 tokens a step",
    )


class NewestFirst:
    """A queue in which the last to come is the next."""

    def __init__(self) -> None:
        self._waiting: list[Request] = []

    def add(self, request: Request, arrival: Arrival) -> None:
        self._waiting.append(request)

    def first(self, running: Sequence[Request], step: int) -> Request | None:
        return self._waiting[-1] if self._waiting else None

    def remove(self, request: Request) -> None:
        self._waiting.remove(request)

    def __len__(self) -> int:
        return len(self._waiting)


@pytest.mark.task("9.1")
def test_admission_sets_the_order_and_not_slot_name_or_arrival():
    serving = scheduler(max_running=2, max_batched_tokens=4, queue=NewestFirst())
    serving.add(ask("m", LONG[:1], 2))
    first = go(serving, 1)
    serving.add(ask("a", LONG[:7], 5))
    serving.add(ask("z", LONG[:8], 5))
    expect_equal(
        (first + go(serving, 4), dict(serving.slot_of)),
        (
            [
                [("m", 0, 1, 1)],
                [("m", 1, 1, 1), ("z", 0, 3, 0)],
                [("z", 3, 4, 0)],
                [("z", 7, 1, 1), ("a", 0, 3, 0)],
                [("z", 8, 1, 1), ("a", 3, 3, 0)],
            ],
            {"z": 1, "a": 0},
        ),
        asked="(five plans, the slots): z, which was admitted first, stands before a, though a came first into slot 0",
        case="a queue that prefers the newest; m leaves after its second token; 2 slots, 4 tokens a step",
    )


@pytest.mark.task("9.1")
def test_short_prompts_are_composed_into_one_step():
    serving = scheduler()
    for name in "abc":
        serving.add(ask(name, LONG[:3], 4))
    expect_equal(
        brief(serving.plan()),
        [("a", 0, 3, 1), ("b", 0, 3, 1), ("c", 0, 2, 0)],
        asked="as many newcomers as the budget holds, the last of them in part",
        case="three prompts of 3 tokens, 8 tokens a step",
    )


@pytest.mark.task("9.1")
def test_every_step_is_full_while_there_is_enough_to_read():
    serving = scheduler(max_running=4, max_batched_tokens=10, max_seq_len=200)
    for name, length in zip("abcd", (60, 3, 25, 40), strict=True):
        serving.add(ask(name, (LONG * 4)[:length], 30))
    sizes = [sum(work[2] for work in plan) for plan in go(serving, 12)]
    expect_equal(
        sizes,
        [10] * 12,
        asked="forwards of one constant size: the number of tokens of each step",
        case="prompts of 60, 3, 25 and 40 tokens, 10 tokens a step, 12 steps",
    )


@pytest.mark.task("9.1")
def test_the_budget_holds_for_every_step():
    serving = scheduler(max_running=3, max_batched_tokens=5)
    for name in "abcde":
        serving.add(ask(name, LONG[: 3 + ord(name) % 5], 6))
    sizes = [sum(work[2] for work in plan) for plan in go(serving, 40)]
    expect_true(
        max(sizes) <= 5 and sum(sizes) > 0,
        asked="no plan has more tokens than max_batched_tokens",
        case="five requests, 3 slots, 5 tokens a step",
        got=f"sizes {sizes}",
        expected="5 at most",
    )


@pytest.mark.task("9.1")
def test_a_step_may_have_just_enough_for_those_who_run():
    serving = scheduler(max_running=3, max_batched_tokens=3)
    for name in "abc":
        serving.add(ask(name, LONG[:1], 4))
    expect_equal(
        go(serving, 3)[1:],
        [[("a", 1, 1, 1), ("b", 1, 1, 1), ("c", 1, 1, 1)], [("a", 2, 1, 1), ("b", 2, 1, 1), ("c", 2, 1, 1)]],
        asked="the second and the third plan: each that decodes gets its token, up to the last that the step may have",
        case="three prompts of 1 token, 3 slots, 3 tokens a step",
    )


@pytest.mark.task("9.1")
def test_the_queue_knows_who_runs():
    asked: list[list[str]] = []

    class Asked(NewestFirst):
        def first(self, running: Sequence[Request], step: int) -> Request | None:
            asked.append([request.id for request in running])
            return super().first(running, step)

    serving = scheduler(max_batched_tokens=30, queue=Asked())
    for name in "abz":
        serving.add(ask(name, LONG[:3], 4))
    serving.plan()
    expect_equal(
        asked[:3],
        [[], ["z"], ["z", "b"]],
        asked="a queue is asked which is next with those that run by then, in order of admission",
        case="a queue that prefers the newest; a, b and z wait, 3 slots, 30 tokens a step",
    )


@pytest.mark.task("9.1")
def test_nobody_is_admitted_without_a_slot():
    serving = scheduler(max_running=2, max_batched_tokens=30)
    for name in "abc":
        serving.add(ask(name, LONG[:3], 2))
    first = brief(serving.plan())
    expect_equal(
        (first, len(serving.waiting), dict(serving.slot_of)),
        ([("a", 0, 3, 1), ("b", 0, 3, 1)], 1, {"a": 0, "b": 1}),
        asked="(the plan, how many wait, the slots): c waits for a slot",
        case="three requests, 2 slots, 30 tokens a step",
    )


@pytest.mark.task("9.1")
def test_a_free_slot_is_used_again_at_once():
    serving = scheduler(max_running=2, max_batched_tokens=30)
    for name, limit in zip("abc", (1, 5, 5), strict=True):
        serving.add(ask(name, LONG[:3], limit))
    plans = go(serving, 2)
    expect_equal(
        (plans[1], dict(serving.slot_of)),
        ([("b", 3, 1, 1), ("c", 0, 3, 1)], {"b": 1, "c": 0}),
        asked="(the second plan, the slots): c has a's slot",
        case="a wants 1 token and leaves after the first step; 2 slots",
    )


@pytest.mark.task("9.1")
def test_memory_is_reserved_and_nobody_is_overtaken():
    serving = scheduler(max_batched_tokens=64, max_memory_tokens=40)
    for name, length, limit in (("a", 10, 10), ("b", 18, 12), ("c", 3, 3)):
        serving.add(ask(name, LONG[:length], limit))
    expect_equal(
        (brief(serving.plan()), serving.memory_used, len(serving.waiting)),
        ([("a", 0, 10, 1)], 20, 2),
        asked="(the plan, memory used, how many wait): b does not fit beside a, and c does not overtake b",
        case="a may grow to 20 tokens, b to 30, c to 6; memory holds 40",
    )
    serving.remove("a")
    serving.plan()
    expect_equal(
        dict(serving.slot_of),
        {"b": 0, "c": 1},
        asked="a request that did not fit has taken no slot",
        case="then a has left",
    )


@pytest.mark.task("9.1")
@pytest.mark.parametrize(("memory", "planned"), [(26, ["a", "b"]), (25, ["a"])], ids=["just-enough", "one-too-few"])
def test_memory_is_used_to_the_last_token_and_no_further(memory: int, planned: list[str]):
    serving = scheduler(max_batched_tokens=64, max_memory_tokens=memory)
    for name in "ab":
        serving.add(ask(name, LONG[:8], 5))
    expect_equal(
        [each.request_id for each in serving.plan().work],
        planned,
        asked="which the first plan admits: all that a request may grow to is reserved, its last token too",
        case=f"two requests of 8 + 5 tokens, memory holds {memory}",
    )


@pytest.mark.task("9.1")
def test_a_plan_computes_nothing_until_it_is_committed():
    serving = scheduler()
    request = ask("a", LONG[:5], 4)
    serving.add(request)
    plan = serving.plan()
    before = (request.num_computed_tokens, request.state)
    serving.commit(plan)
    expect_equal(
        (before, (request.num_computed_tokens, request.state)),
        ((0, RequestState.PREFILLING), (5, RequestState.DECODING)),
        asked="(num_computed_tokens, state) after plan and after commit",
        case="a prompt of 5 tokens, 8 tokens a step",
    )


@pytest.mark.task("9.1")
def test_half_a_prompt_is_no_decoding_request():
    serving = scheduler()
    request = ask("a", LONG, 4)
    serving.add(request)
    serving.commit(serving.plan())
    expect_equal(
        (request.num_computed_tokens, request.state),
        (8, RequestState.PREFILLING),
        asked="(num_computed_tokens, state) after the first chunk",
        case="a prompt of 18 tokens, 8 tokens a step",
    )


@pytest.mark.task("9.1")
def test_tokens_that_are_computed_already_are_not_computed_again():
    serving = scheduler()
    request = ask("a", LONG, 4)
    request.num_computed_tokens = 13
    serving.add(request)
    plan = serving.plan()
    expect_equal(
        (brief(plan), list(plan.work[0].tokens) if plan.work else None),
        ([("a", 13, 5, 1)], LONG[13:]),
        asked="only what is missing, from token 13 on: it does not matter what computed the others",
        case="18 prompt tokens, 13 of them computed when the request is added (as by a cache of prefixes)",
    )


@pytest.mark.task("9.1")
def test_an_answer_that_has_begun_is_read_like_a_prompt():
    serving = scheduler()
    request = ask("a", LONG[:6], 9)
    for state in (RequestState.PREFILLING, RequestState.DECODING):
        request.advance(state)
    for token in (20, 21, 22, 23):
        request.append_token(token)
    request.advance(RequestState.WAITING)
    serving.add(request)
    plans, states = [], []
    for _ in range(2):
        plan = serving.plan()
        serving.commit(plan)
        plans += [(work.start, list(work.tokens), work.wanted) for work in plan.work]
        states.append(request.state)
    expect_equal(
        (plans, states),
        ([(0, [*LONG[:6], 20, 21], 0), (8, [22, 23], 1)], [RequestState.PREFILLING, RequestState.DECODING]),
        asked="(start, tokens, wanted) of two steps, prompt and answer like one prompt; and the state after each",
        case="6 prompt tokens and 4 of the answer, none computed; 8 tokens a step",
    )


@pytest.mark.task("9.1")
def test_a_plan_says_how_to_choose():
    serving = scheduler()
    params = SamplingParams(temperature=0.7, seed=3)
    serving.add(ask("a", LONG[:5], 4, sampling=params))
    expect_equal(
        [(work.tokens, work.slot, work.sampling) for work in serving.plan().work],
        [(LONG[:5], 0, params)],
        asked="(tokens, slot, sampling): the plan is all that the runner gets to know",
        case="a request with a temperature of its own",
    )


@pytest.mark.task("9.1")
def test_nothing_to_do_is_an_empty_plan():
    serving = scheduler()
    plan = serving.plan()
    expect_equal((plan.work, plan.preempted), ((), ()), asked="(work, preempted)", case="no request waits or runs")


@pytest.mark.task("9.1")
def test_who_can_never_fit_is_refused_and_nothing_changes():
    serving = scheduler(max_memory_tokens=30, max_waiting=2)
    expect_raises(
        ValueError,
        lambda: serving.add(ask("big", LONG, 20)),
        asked="a ValueError that says what does not fit",
        case="18 prompt tokens and 20 new ones, memory for 30",
        mentions=["18", "30"],
    )
    serving.add(ask("a", LONG, 5))
    serving.add(ask("b", [1], 5))
    expect_raises(
        QueueFull,
        lambda: serving.add(ask("c", [1], 5)),
        asked="QueueFull",
        case="two wait, and no more than 2 may",
        mentions=["2"],
    )
    expect_equal(
        brief(serving.plan()), [("a", 0, 8, 0)], asked="the others are planned as ever", case="8 tokens a step"
    )


# Task 9.2


def work(name: str, slot: int, start: int, tokens: Sequence[int], wanted: int = 1) -> Work:
    return Work(name, slot, start, list(tokens), wanted, GREEDY)


MIXED = StepPlan(
    (
        work("d", 3, 7, [40]),
        work("a", 1, 2, [41]),
        work("p", 2, 4, [1, 2, 3], 0),
        work("q", 0, 0, [5, 6], 1),
    )
)


def numbers(array: mx.array) -> list[int]:
    return [int(number) for number in np.array(array)]


@pytest.mark.task("9.2")
def test_tokens_stand_end_to_end():
    packed = pack(MIXED)
    expect_equal(
        (numbers(packed.tokens), numbers(packed.positions), numbers(packed.slots)),
        ([41, 40, 1, 2, 3, 5, 6], [2, 7, 4, 5, 6, 0, 1], [1, 3, 2, 2, 2, 0, 0]),
        asked="(tokens, positions, slots): rows of one token by slot, then the longer ones in the plan's order",
        case="one token each in slots 3 and 1, three tokens from 4 on in slot 2, then two tokens in slot 0",
    )


@pytest.mark.task("9.2")
def test_rows_segments_and_where_they_begin():
    packed = pack(MIXED)
    expect_equal(
        ([each.request_id for each in packed.rows], [each.request_id for each in packed.segments], packed.firsts),
        (["a", "d"], ["p", "q"], (2, 5)),
        asked="(rows by slot, segments in the plan's order, where each segment begins in the packed row)",
        case="one token each in slots 3 and 1, segments of three and two tokens",
    )


@pytest.mark.task("9.2")
def test_segments_keep_the_plans_order():
    packed = pack(StepPlan((work("z", 1, 0, [1, 2, 3]), work("b", 4, 3, [4, 5, 6, 7], 0), work("m", 0, 5, [8, 9]))))
    expect_equal(
        ([each.request_id for each in packed.segments], packed.firsts, numbers(packed.tokens), numbers(packed.wanted)),
        (["z", "b", "m"], (0, 3, 7), [1, 2, 3, 4, 5, 6, 7, 8, 9], [2, 8]),
        asked="(segments, where they begin, tokens, wanted): in the plan's order, whatever their slots and lengths",
        case="z has three tokens in slot 1, b four in slot 4, m two in slot 0",
    )


@pytest.mark.task("9.2")
def test_only_the_wanted_places_pay_for_the_vocabulary():
    expect_equal(
        numbers(pack(MIXED).wanted),
        [0, 1, 6],
        asked="the places in the packed row whose logits are wanted: the last token of each work that wants one",
        case="a and d want one, p (three tokens) none, q (two tokens) one",
    )


@pytest.mark.task("9.2")
def test_more_than_one_place_may_be_wanted():
    plan = StepPlan((work("a", 0, 9, [1, 2, 3, 4], 3), work("b", 1, 3, [7])))
    expect_equal(
        numbers(pack(plan).wanted),
        [0, 2, 3, 4],
        asked="the last `wanted` places of each work",
        case="a has four tokens and wants three, b has one",
    )


@pytest.mark.task("9.2")
def test_a_chunk_of_one_token_is_a_row_too():
    packed = pack(StepPlan((work("a", 2, 5, [1], 0), work("b", 0, 3, [7]))))
    expect_equal(
        ([each.request_id for each in packed.rows], packed.segments, numbers(packed.wanted)),
        (["b", "a"], (), [0]),
        asked="(rows, segments, wanted)",
        case="a reads one token of its prompt and wants nothing, b decodes",
    )


@pytest.mark.task("9.2")
def test_packed_numbers_are_int32():
    packed = pack(MIXED)
    kinds = {str(array.dtype) for array in (packed.tokens, packed.positions, packed.slots, packed.wanted)}
    expect_equal(kinds, {"mlx.core.int32"}, asked="int32 throughout", case="the plan of the other tests")


@pytest.mark.task("9.2")
def test_nobody_may_want_logits():
    packed = pack(StepPlan((work("a", 0, 4, [1, 2, 3], 0),)))
    expect_equal(
        (numbers(packed.wanted), str(packed.wanted.dtype)),
        ([], "mlx.core.int32"),
        asked="(wanted, its type): no place, and int32 all the same",
        case="one chunk that is not its prompt's last",
    )


# Task 9.3


def brute_force(lengths: Sequence[int | None]) -> int:
    """The least cost, by trying every way to cut."""
    live = [slot for slot, length in enumerate(lengths) if length is not None]
    costs = []
    for count in range(len(live)):
        for cuts in combinations(range(1, len(live)), count):
            borders = [0, *cuts, len(live)]
            runs = [live[a:b] for a, b in pairwise(borders)]
            costs.append(cost_of([range(run[0], run[-1] + 1) for run in runs], lengths))
    return min(costs, default=0)


def cost_of(groups: Sequence[range], lengths: Sequence[int | None]) -> int:
    return sum(GROUP_COST + len(group) * max(lengths[slot] or 0 for slot in group) for group in groups)


@pytest.mark.task("9.3")
@pytest.mark.parametrize(
    ("lengths", "groups"),
    [
        ([50, 60, 55, 70], [range(4)]),
        ([50, 60, 2000, 55, 70], [range(2), range(2, 3), range(3, 5)]),
        ([900, 950, 30, 40, 35], [range(2), range(2, 5)]),
        ([None, 40, None, 50, None], [range(1, 4)]),
        ([500, None, None, None, 500], [range(1), range(4, 5)]),
        ([None, None], []),
    ],
    ids=["alike", "one-long-between", "two-kinds", "gaps", "far-apart", "nobody"],
)
def test_rows_of_a_length_go_together(lengths: list[int | None], groups: list[range]):
    expect_equal(
        length_groups(lengths),
        groups,
        asked=f"the runs of slots that cost least, {GROUP_COST} a run and the longest row for each of its slots",
        case=f"keys by slot: {lengths}",
    )


@pytest.mark.task("9.3")
@settings(max_examples=60)
@given(lengths=st.lists(st.one_of(st.none(), st.integers(1, 1200)), max_size=8))
def test_no_other_cut_costs_less(lengths: list[int | None]):
    groups = length_groups(lengths)
    covered = sorted(slot for group in groups for slot in group if lengths[slot] is not None)
    live = [slot for slot, length in enumerate(lengths) if length is not None]
    tidy = all(lengths[group[0]] is not None and lengths[group[-1]] is not None for group in groups)
    tidy = tidy and all(before.stop <= after.start for before, after in pairwise(groups))
    expect_equal(
        (covered, tidy, cost_of(groups, lengths)),
        (live, True, brute_force(lengths)),
        asked="(slots with a row, each once; runs in order that begin and end with one; the least cost)",
        case=f"keys by slot: {lengths}",
    )


HEADS, KV_HEADS, WIDTH, SLOTS, SEQ = 4, 2, 8, 5, 12


def stored(seed: int = 0, slots: int = SLOTS, seq: int = SEQ) -> list[PackedKvCache]:
    """One layer's cache, full of what others have left."""
    cache = PackedKvCache(slots, KV_HEADS, seq, WIDTH, mx.float32)
    rng = np.random.default_rng(seed)
    for name in ("keys", "values"):
        setattr(cache, name, mx.array(rng.standard_normal(getattr(cache, name).shape).astype(np.float32)))
    return [cache]


def qkv(count: int, seed: int = 1) -> tuple[mx.array, mx.array, mx.array]:
    rng = np.random.default_rng(seed)
    shapes = [(count, HEADS, WIDTH), (count, KV_HEADS, WIDTH), (count, KV_HEADS, WIDTH)]
    return tuple(mx.array(rng.standard_normal(shape).astype(np.float32)) for shape in shapes)  # type: ignore[return-value]


def read_alone(caches: list[PackedKvCache], each: Work, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
    """What one request's queries read if it is alone."""
    keys = mx.concatenate([caches[0].keys[each.slot, :, : each.start], k.swapaxes(0, 1)], axis=1)[None]
    values = mx.concatenate([caches[0].values[each.slot, :, : each.start], v.swapaxes(0, 1)], axis=1)[None]
    stop = each.start + len(each.tokens)
    mask = mx.arange(stop)[None] <= mx.arange(each.start, stop)[:, None]
    return attention(q[None], keys, values, mask)[0]


PLANS = {
    "rows": StepPlan((work("a", 0, 3, [1]), work("b", 1, 7, [1]), work("c", 2, 3, [1]))),
    "equal rows": StepPlan((work("a", 0, 3, [1]), work("b", 1, 3, [1]))),
    "rows with a gap": StepPlan((work("a", 0, 3, [1]), work("b", 3, 6, [1]), work("c", 4, 0, [1], 0))),
    "a row in a later slot": StepPlan((work("a", 4, 5, [1]),)),
    "a chunk": StepPlan((work("a", 2, 4, [1, 2, 3]),)),
    "a first chunk": StepPlan((work("a", 1, 0, [1, 2, 3, 4]),)),
    "mixed": StepPlan(
        (
            work("d", 3, 7, [9]),
            work("a", 1, 2, [9]),
            work("p", 0, 4, [1, 2, 3], 0),
            work("q", 2, 0, [5, 6], 1),
            work("e", 4, 0, [7, 7, 7, 7], 0),
        )
    ),
}


@pytest.mark.task("9.3")
@pytest.mark.parametrize("name", PLANS, ids=[name.replace(" ", "-") for name in PLANS])
def test_each_reads_what_it_would_read_alone(name: str):
    packed, caches = pack(PLANS[name]), stored()
    count = len(numbers(packed.tokens))
    q, k, v = qkv(count)
    expected, at = [], 0
    for each in [*packed.rows, *packed.segments]:
        span = slice(at, at + len(each.tokens))
        expected.append(read_alone(stored(), each, q[span], k[span], v[span]))
        at += len(each.tokens)
    got = packed_attend(packed, caches)(0, q, k, v)
    wanted = mx.concatenate(expected)
    fits = got.shape == wanted.shape
    worst = float(mx.max(mx.abs(got - wanted))) if fits else float("nan")
    expect_true(
        worst < 1e-5,
        asked="(T, Hq, Dh): each token reads its own request's stored keys, those before it, and itself",
        case=f"{name}: (slot, start, tokens) {[(w.slot, w.start, len(w.tokens)) for w in PLANS[name].work]}",
        got=f"largest difference {worst:.3g}" if fits else f"shape {got.shape}",
        expected="the same as alone",
    )


@pytest.mark.task("9.3")
@pytest.mark.parametrize("name", PLANS, ids=[name.replace(" ", "-") for name in PLANS])
def test_keys_are_written_where_they_belong_and_nowhere_else(name: str):
    packed, caches, before = pack(PLANS[name]), stored(), stored()
    count = len(numbers(packed.tokens))
    q, k, v = qkv(count)
    packed_attend(packed, caches)(0, q, k, v)
    slots, positions = numbers(packed.slots), numbers(packed.positions)
    for what, mine, old, new in (
        ("keys", caches[0].keys, before[0].keys, k),
        ("values", caches[0].values, before[0].values, v),
    ):
        expected = np.array(old)
        for place, (slot, position) in enumerate(zip(slots, positions, strict=True)):
            expected[slot, :, position] = np.array(new)[place]
        wrong = np.argwhere(np.abs(np.array(mine) - expected).max(axis=(1, 3)) > 0).tolist()
        expect_equal(
            wrong,
            [],
            asked=f"all new {what} are stored at their (slot, position), everything else is as it was: where not?",
            case=f"{name}: (slot, position) {list(zip(slots, positions, strict=True))}",
        )


@pytest.mark.task("9.3")
def test_what_others_left_is_never_read():
    packed, caches = pack(PLANS["mixed"]), stored()
    poisoned = stored()
    for cache in poisoned:
        legal = np.zeros((SLOTS, SEQ), dtype=bool)
        for each in PLANS["mixed"].work:
            legal[each.slot, : each.start] = True
        keep = mx.array(legal)[:, None, :, None]
        cache.keys, cache.values = mx.where(keep, cache.keys, 1e9), mx.where(keep, cache.values, 1e9)
    q, k, v = qkv(len(numbers(packed.tokens)))
    clean, dirty = (packed_attend(packed, each)(0, q, k, v) for each in (caches, poisoned))
    expect_true(
        bool(mx.all(clean == dirty)),
        asked="positions that belong to no request, or to an earlier one, change nothing",
        case="rows and chunks in five slots; all other positions hold 1e9",
        got=f"differences up to {float(mx.max(mx.abs(clean - dirty))):.3g}",
        expected="none",
    )


@pytest.mark.task("9.3")
def test_nothing_is_read_behind_the_longest_row_of_a_run():
    lengths, runs, longest = [5, 6, 900, 7, 4], [range(2), range(2, 3), range(3, 5)], [6, 6, 900, 7, 7]
    rows = [work(f"r{slot}", slot, length - 1, [1]) for slot, length in enumerate(lengths)]
    packed = pack(StepPlan((*rows, work("p", 5, 3, [1, 2, 3, 4]))))
    cache = PackedKvCache(6, KV_HEADS, 1000, WIDTH, mx.float32)
    # A number that is read and then masked is multiplied by 0. With NaN, that is seen: 0 times NaN is NaN.
    behind = mx.arange(1000)[None] >= mx.array([*longest, 7])[:, None]
    cache.keys = mx.where(behind[:, None, :, None], float("nan"), cache.keys)
    cache.values = mx.where(behind[:, None, :, None], float("nan"), cache.values)
    got = packed_attend(packed, [cache])(0, *qkv(9))
    touched = np.isnan(np.array(got)).any(axis=(1, 2))
    names = [f"slot {slot}" for slot in range(5)] + [f"place {place} of the chunk" for place in range(4)]
    expect_equal(
        [name for name, bad in zip(names, touched, strict=True) if bad],
        [],
        asked="rows attend in the runs that `length_groups` finds. After a run's longest row, and after a segment's "
        "last token, nothing is read, not even to be masked: which have read more?",
        case=f"keys by slot {lengths}, so the runs {runs}; and 7 keys for a chunk in slot 5; after them stands NaN",
    )


@pytest.mark.task("9.3")
@pytest.mark.parametrize("slots", [(0, 1, 2, 3), (0, 1, 2, 4), (1, 3, 5, 6)], ids=["full", "a-gap", "gaps"])
def test_rows_of_two_lengths_read_what_they_would_read_alone(slots: tuple[int, ...]):
    starts = [3, 5, 700, 720]
    plan = StepPlan(tuple(work(f"{slot}", slot, start, [1]) for slot, start in zip(slots, starts, strict=True)))
    packed, (q, k, v) = pack(plan), qkv(4)
    got = packed_attend(packed, stored(slots=7, seq=730))(0, q, k, v)
    alone = [
        read_alone(stored(slots=7, seq=730), each, *(part[place : place + 1] for part in (q, k, v)))
        for place, each in enumerate(packed.rows)
    ]
    wanted = mx.concatenate(alone)
    fits = got.shape == wanted.shape
    worst = float(mx.max(mx.abs(got - wanted))) if fits else float("nan")
    expect_true(
        worst < 1e-4,
        asked="(T, Hq, Dh): each row reads its own keys, also where short and long rows are read apart",
        case=f"rows in slots {slots} with {starts} stored keys",
        got=f"largest difference {worst:.3g}" if fits else f"shape {got.shape}",
        expected="the same as alone",
    )


class Watched:
    """The tiny model, which remembers the shape of each forward pass."""

    def __init__(self, model: Qwen2 = MODEL) -> None:
        self.model, self.config, self.dtype, self.logits = model, model.config, model.dtype, model.logits
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, tokens: mx.array, positions: mx.array, attend: Any) -> mx.array:
        self.shapes.append(tuple(tokens.shape))
        return self.model(tokens, positions, attend)


def serve(requests: Sequence[Request], case: str, model: Any = MODEL, **options: Any) -> list[list[tuple[int, ...]]]:
    """Serve with the real runner, without an engine; returns (planned, computed) tokens of each step."""
    serving = scheduler(**options)
    runner = MlxRunner(model, max_running=serving.max_running, max_seq_len=serving.max_seq_len)
    for request in requests:
        serving.add(request)
    sizes = []
    for _ in range(300):
        if not serving.has_work:
            return sizes
        plan = serving.plan()
        sampled = runner.run(plan)
        serving.commit(plan)
        sizes.append([(plan.num_tokens,), *getattr(model, "shapes", [])[-1:]])
        for name, tokens in sampled.items():
            request = serving.running[name]
            request.append_token(tokens[0])
            if request.is_finished:
                serving.remove(name)
    expect_true(False, asked="every request comes to its end", case=case, got="300 steps", expected="fewer")
    return sizes


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


@pytest.mark.task("9.3")
@pytest.mark.parametrize("budget", [3, 8, 64])
def test_a_model_on_mixed_batches_answers_as_alone(budget: int):
    requests = [ask(str(index), LONG[: 1 + 5 * index % 18], 3 + 4 * index % 7) for index in range(9)]
    case = f"9 requests of unequal prompts and limits, 3 slots, {budget} tokens a step"
    serve(requests, case, max_batched_tokens=budget)
    expect_alone(requests, case)


@pytest.mark.task("9.3")
def test_the_model_sees_the_planned_tokens_and_no_pads():
    requests = [ask("a", LONG, 4), ask("b", LONG[:3], 9), ask("c", LONG[:11], 5)]
    sizes = serve(requests, "three requests", model=Watched())
    expect_true(
        all(planned == computed for planned, computed in sizes),
        asked="one forward pass a step over the plan's tokens in one row, (T,): nothing is padded",
        case="prompts of 18, 3 and 11 tokens, 8 tokens a step: (planned, computed) of each step",
        got=str(sizes),
        expected="equal in each",
    )


# Task 9.4


@pytest.mark.task("9.4")
@pytest.mark.parametrize(
    ("tokens", "seconds", "budget"),
    [(64, 0.32, 80), (64, 0.80, 32), (64, 0.10, 128), (64, 0.401, 63), (64, 4.0, 16), (64, 0.16, 128)],
    ids=["a-bit-faster", "twice-too-long", "at-most-doubled", "rounded-down", "not-below-low", "doubled"],
)
def test_the_budget_follows_the_target(tokens: int, seconds: float, budget: int):
    following = TokenBudget(target_gap=0.4, low=16, high=512)
    following.tokens = 64
    following.observe(tokens, seconds)
    expect_equal(
        following.tokens,
        budget,
        asked="the tokens that would fill 0.4 s at this step's speed, at most twice the present budget",
        case=f"a budget of 64, from 16 to 512; a step of {tokens} tokens lasted {seconds} s",
    )


@pytest.mark.task("9.4")
def test_a_step_that_had_little_to_do_teaches_nothing():
    following = TokenBudget(target_gap=0.4, low=4, high=512)
    following.tokens = 64
    following.observe(7, 0.1)
    expect_equal(
        following.tokens, 64, asked="the budget stays", case="a budget of 64; a step of 7 tokens lasted 0.1 of 0.4 s"
    )


@pytest.mark.task("9.4")
def test_a_small_step_that_was_too_long_teaches():
    following = TokenBudget(target_gap=0.4, low=4, high=512)
    following.tokens = 64
    following.observe(10, 0.8)
    expect_equal(
        following.tokens, 5, asked="10 tokens in 0.8 s are 5 in 0.4 s", case="a budget of 64; 10 tokens lasted 0.8 s"
    )


@pytest.mark.task("9.4")
def test_a_small_step_exactly_in_time_teaches_nothing():
    following = TokenBudget(target_gap=0.4, low=4, high=512)
    following.tokens = 64
    following.observe(10, 0.4)
    expect_equal(following.tokens, 64, asked="the target was kept", case="a budget of 64; 10 tokens lasted 0.4 s")


@pytest.mark.task("9.4")
def test_one_token_below_the_budget_is_below_it():
    following = TokenBudget(target_gap=0.4, low=4, high=512)
    following.tokens = 64
    following.observe(63, 0.1)
    expect_equal(
        following.tokens, 64, asked="the budget stays", case="a budget of 64; a step of 63 tokens lasted 0.1 of 0.4 s"
    )


@pytest.mark.task("9.4")
def test_at_most_twice_the_budget_and_not_the_step():
    following = TokenBudget(target_gap=0.4, low=4, high=512)
    following.tokens = 16
    following.observe(64, 0.1)
    expect_equal(
        following.tokens,
        32,
        asked="at most twice the present budget",
        case="a budget of 16; a step of 64 tokens (so many run) lasted 0.1 of 0.4 s",
    )


@pytest.mark.task("9.4")
def test_it_never_goes_beyond_high():
    following = TokenBudget(target_gap=0.4, low=16, high=100)
    following.tokens = 64
    following.observe(64, 0.1)
    expect_equal(following.tokens, 100, asked="high at most", case="from 16 to 100; 64 tokens lasted 0.1 s")


@pytest.mark.task("9.4")
def test_a_step_that_took_no_time():
    following = TokenBudget(target_gap=0.4, low=16, high=512)
    following.tokens = 64
    following.observe(64, 0.0)
    expect_equal(following.tokens, 128, asked="twice as many: quicker is not possible", case="64 tokens lasted 0 s")


@pytest.mark.task("9.4")
def test_it_settles_where_a_step_lasts_as_long_as_promised():
    following = TokenBudget(target_gap=0.4, low=16, high=4096)
    for _ in range(40):
        following.observe(following.tokens, 0.1 + 0.003 * following.tokens)
    lasting = 0.1 + 0.003 * following.tokens
    expect_true(
        0.36 <= lasting <= 0.4,
        asked="after 40 full steps, a step lasts almost the target, and no longer",
        case="a machine that takes 0.1 s a step and 3 ms a token; target 0.4 s",
        got=f"{following.tokens} tokens, {lasting:.3f} s",
        expected="0.36 to 0.4 s",
    )


# Task 9.5


def engine(runner: Any = None, clock: Any = None, **options: Any) -> Engine:
    return Engine(scheduler(**options), runner or Pretended(), clock=clock)


def kinds(events: Sequence[Event]) -> list[tuple[str, str, Any]]:
    """(what, request, token or reason), shortly."""
    found: list[tuple[str, str, Any]] = []
    for event in events:
        match event:
            case TokenEvent():
                found.append(("token", event.request_id, event.token))
            case FinishedEvent():
                found.append(("finished", event.request_id, event.reason.value))
            case PreemptedEvent():
                found.append(("preempted", event.request_id, None))
    return found


@pytest.mark.task("9.5")
def test_tokens_come_one_by_one_and_then_the_end():
    serving, request = engine(), ask("a", LONG[:5], 3)
    serving.add_request(request)
    told = told_alone(request)
    steps = [kinds(serving.step()) for _ in range(3)]
    expect_equal(
        (steps, serving.has_work),
        (
            [
                [("token", "a", told[0])],
                [("token", "a", told[1])],
                [("token", "a", told[2]), ("finished", "a", "length")],
            ],
            False,
        ),
        asked="(events of three steps, has_work): the end comes with the last token",
        case="a prompt of 5 tokens, 3 new ones, 8 tokens a step",
    )


@pytest.mark.task("9.5")
def test_a_chunk_is_no_event():
    serving = engine()
    serving.add_request(ask("a", LONG, 1))
    steps = [len(serving.step()) for _ in range(3)]
    expect_equal(steps, [0, 0, 2], asked="how many events each step has", case="18 prompt tokens, 8 a step, 1 new one")


@pytest.mark.task("9.5")
def test_eos_is_the_end_and_no_token():
    request = ask("a", LONG[:5], 9)
    told = told_alone(request)
    ending = ask("a", LONG[:5], 9, eos_token_ids=[told[3]])
    serving = engine()
    serving.add_request(ending)
    expect_equal(
        kinds(drive(serving, "one request")),
        [*(("token", "a", token) for token in told_alone(ending)), ("finished", "a", "eos")],
        asked="the tokens before EOS, then the end",
        case="the fourth token is EOS",
    )


@pytest.mark.task("9.5")
def test_the_texts_of_all_events_are_the_whole_text():
    tokenizer = ByteTokenizer()
    request = ask("a", tokenizer.encode("Grüße, "), 9, decode=tokenizer.decode, stop=["\N{REPLACEMENT CHARACTER}never"])
    serving = engine()
    serving.add_request(request)
    events = drive(serving, "one request with a text")
    texts = [event.text for event in events if not isinstance(event, PreemptedEvent)]
    expect_equal(
        ("".join(texts), len(request.tokens)),
        (request.text, 9),
        asked="(the texts of all events together, how many tokens)",
        case="a prompt with letters of two bytes, 9 new tokens of arbitrary bytes",
    )


@pytest.mark.task("9.5")
def test_text_held_back_at_eos_comes_with_the_end():
    prompt = [1, 2, 3]
    told = told_alone(ask("x", prompt, 2))
    letters = {told[0]: "STO", told[1]: "!"}
    request = ask(
        "a", prompt, 5, eos_token_ids=[told[1]], stop=["STOP"], decode=lambda ids: "".join(letters[i] for i in ids)
    )
    serving = engine()
    serving.add_request(request)
    events = [event for event in drive(serving, "one request") if not isinstance(event, PreemptedEvent)]
    expect_equal(
        [event.text for event in events],
        ["", "STO"],
        asked="the texts of (the token, the end): what was held back belongs to the answer",
        case='the first token reads "STO", which may become the stop string "STOP"; the second is EOS',
    )


@pytest.mark.task("9.5")
def test_the_end_brings_the_times():
    clock = VirtualClock()

    class Slow(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            clock.advance(0.5)
            return super().run(plan)

    serving = engine(Slow(), clock)
    request = ask("a", LONG[:12], 3, clock=clock)
    serving.add_request(request)
    clock.advance(0.25)
    end = drive(serving, "one request")[-1]
    got = (end.queue_time, end.ttft, end.tpot, end.latency) if isinstance(end, FinishedEvent) else None
    expect_equal(
        got,
        (0.25, 1.25, 0.5, 2.25),
        asked="(queue time, TTFT, TPOT, latency) by the request's clock",
        case="waits 0.25 s; steps of 0.5 s: two for its prompt, then one a token, 3 tokens",
    )


@pytest.mark.task("9.5")
def test_more_tokens_than_are_wanted():
    class Generous(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            return {name: [*tokens, 90, 91, 92] for name, tokens in super().run(plan).items()}

    serving, request = engine(Generous()), ask("a", LONG[:5], 3)
    serving.add_request(request)
    events = kinds(serving.step())
    expect_equal(
        (events[1:], request.tokens[1:]),
        ([("token", "a", 90), ("token", "a", 91), ("finished", "a", "length")], [90, 91]),
        asked="(events after the first token, tokens): several tokens may come at once, and none after the end",
        case="a runner that gives four tokens a step; 3 are wanted",
    )


@pytest.mark.task("9.5")
@pytest.mark.parametrize(
    ("place", "options"),
    [
        (0, {"eos_token_ids": [90]}),
        (1, {"eos_token_ids": [91]}),
        (2, {"eos_token_ids": [92]}),
        (2, {"decode": lambda ids: "".join(map(chr, ids)), "stop": ["[["]}),
    ],
    ids=["eos-comes-first", "eos-in-the-middle", "eos-comes-last", "stop-string-in-the-middle"],
)
def test_an_end_among_several_tokens(place: int, options: dict[str, Any]):
    class Generous(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            several = [91, 91, 93] if "stop" in options else [90, 91, 92]
            return {name: several if name == "a" else tokens for name, tokens in super().run(plan).items()}

    serving = engine(Generous(), max_running=1)
    first, second = ask("a", LONG[:5], 9, **options), ask("b", LONG[:4], 2)
    for request in (first, second):
        serving.add_request(request)
    events = kinds(drive(serving, "a runner that gives three tokens a step"))
    told, reason = [91, 91] if "stop" in options else [90, 91, 92][:place], "stop" if "stop" in options else "eos"
    ended = [*(("token", "a", token) for token in told), ("finished", "a", reason)]
    expect_equal(
        (events, first.tokens),
        ([*ended, *(("token", "b", token) for token in told_alone(second)), ("finished", "b", "length")], told),
        asked="(all events, a's tokens): each token is looked at, and what comes after the end is dropped",
        case=f"the runner gives a three tokens at once, token {place} of them (from 0) ends it; b waits for its slot",
    )


@pytest.mark.task("9.5")
@pytest.mark.parametrize("steps", [0, 1, 3], ids=["waiting", "half-read", "decoding"])
def test_abort_wherever_it_is(steps: int):
    serving, request, other = engine(), ask("a", LONG, 9), ask("b", LONG[:4], 9)
    serving.add_request(request)
    serving.add_request(other)
    events: list[Event] = []
    for _ in range(steps):
        events += serving.step()
    serving.abort("a")
    held = "a" in serving.scheduler.running or "a" in serving.scheduler.slot_of
    events += drive(serving, f"a is aborted after {steps} steps")
    ends = [each for each in kinds(events) if each[0] == "finished"]
    expect_equal(
        (held, ends, request.state, other.tokens),
        (
            False,
            [("finished", "a", "cancelled"), ("finished", "b", "length")],
            RequestState.FINISHED,
            told_alone(other),
        ),
        asked="(a still holds something, the ends, a's state, b's tokens)",
        case=f"a (18 prompt tokens) and b; a is aborted after {steps} steps of 8 tokens",
    )


@pytest.mark.task("9.5")
def test_an_abort_is_reported_even_if_nothing_else_happens():
    serving = engine()
    serving.add_request(ask("a", LONG, 9))
    serving.abort("a")
    before = serving.has_work
    events = kinds(serving.step())
    expect_equal(
        (before, events, serving.has_work),
        (True, [("finished", "a", "cancelled")], False),
        asked="(has_work, the next step's events, has_work): a caller waits for this event",
        case="the only request is aborted before the first step",
    )


@pytest.mark.task("9.5")
def test_an_aborted_request_gives_its_last_text():
    prompt = [1, 2, 3]
    told = told_alone(ask("x", prompt, 2))
    request = ask("a", prompt, 5, stop=["STOP"], decode=lambda ids: "STO" if ids == told[:1] else "")
    serving = engine()
    serving.add_request(request)
    serving.step()
    serving.abort("a")
    end = serving.step()[-1]
    expect_equal(getattr(end, "text", None), "STO", asked="what was held back", case="aborted after the token 'STO'")


@pytest.mark.task("9.5")
def test_who_is_unknown_can_not_be_aborted():
    serving = engine()
    serving.add_request(ask("a", LONG[:4], 1))
    serving.step()
    for name in ("a", "nobody"):
        expect_raises(
            ValueError,
            lambda name=name: serving.abort(name),
            asked="a ValueError with the name",
            case="a has finished, nobody never came",
            mentions=[name],
        )


@pytest.mark.task("9.5")
def test_a_step_that_breaks_ends_its_own_requests_only():
    runner = Pretended(breaks=lambda plan: len(runner.plans) == 2)
    serving = engine(runner, max_running=2, max_batched_tokens=16)
    first, second, third = ask("a", LONG[:4], 9), ask("b", LONG[:5], 9), ask("c", LONG[:6], 4)
    for request in (first, second, third):
        serving.add_request(request)
    events = drive(serving, "the second step breaks")
    ends = [(event.request_id, event.reason.value, event.error) for event in events if isinstance(event, FinishedEvent)]
    expect_equal(
        (ends, third.tokens),
        (
            [
                ("a", "error", "MemoryError: no room for the scores"),
                ("b", "error", "MemoryError: no room for the scores"),
                ("c", "length", None),
            ],
            told_alone(third),
        ),
        asked="(each end with its reason and cause, c's tokens): the engine goes on",
        case="a and b run in 2 slots, c waits; the second step raises MemoryError",
    )


@pytest.mark.task("9.5")
def test_a_decode_that_raises_ends_its_own_request_only():
    def decode(ids: Sequence[int]) -> str:
        if len(broken.tokens) == 2:
            raise KeyError("no text for this")
        return "x" * len(ids)

    broken = ask("b", LONG[:4], 9, decode=decode)
    others = [ask("a", LONG[:4], 5), ask("c", LONG[:5], 5)]
    serving = engine(max_batched_tokens=30)
    for request in [others[0], broken, others[1]]:
        serving.add_request(request)
    case = "a, b and c decode; the `decode` of b raises KeyError at its second token"
    steps = [serving.step(), serving.step()]
    told = [told_alone(each)[1] for each in [others[0], broken, others[1]]]
    expect_equal(
        kinds(steps[1]),
        [("token", "a", told[0]), ("token", "b", told[1]), ("finished", "b", "error"), ("token", "c", told[2])],
        asked="the events of that step: all tokens, and b's end",
        case=case,
    )
    ends = [event.error for event in steps[1] if isinstance(event, FinishedEvent)]
    expect_equal(
        (ends, sorted(serving.scheduler.slot_of), serving.scheduler.memory_used),
        (["KeyError: 'no text for this'"], ["a", "c"], 9 + 10),
        asked="(the error that the end names, which still have a slot, memory used): b holds nothing",
        case=case,
    )
    drive(serving, case)
    expect_equal(
        [each.tokens for each in others],
        [told_alone(each) for each in others],
        asked="the answers of the others",
        case=case,
    )


@pytest.mark.task("9.5")
def test_what_happened_before_it_broke_is_reported():
    class Impatient(Scheduler):
        def _make_room(self) -> tuple[str, ...]:
            return ("b",)

    serving = Engine(
        Impatient(max_running=2, max_batched_tokens=8, max_seq_len=64), Pretended(breaks=lambda plan: True)
    )
    for name in "ax":
        serving.add_request(ask(name, LONG[:4], 3))
    serving.abort("x")
    events = sorted(kinds(serving.step()), key=str)
    expect_equal(
        events,
        [("finished", "a", "error"), ("finished", "x", "cancelled"), ("preempted", "b", None)],
        asked="an abort and a preemption are reported, also with a step that breaks",
        case="x is aborted; the step that sends b back breaks, with a in it",
    )


@pytest.mark.task("9.5")
def test_events_come_in_the_order_in_which_they_happened():
    serving = engine(Pretended(breaks=lambda plan: True))
    for name in "azb":
        serving.add_request(ask(name, LONG[:4], 3))
    for name in "za":
        serving.abort(name)
    expect_equal(
        kinds(serving.step()),
        [("finished", "z", "cancelled"), ("finished", "a", "cancelled"), ("finished", "b", "error")],
        asked="the events of the next step, in order",
        case="z is aborted, then a; then a step with b in it breaks",
    )


@pytest.mark.task("9.5")
def test_a_runner_that_forgets_somebody_has_broken_the_step():
    class Forgetful(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            return {name: tokens for name, tokens in super().run(plan).items() if name != "b" or len(self.plans) < 2}

    serving = engine(Forgetful())
    for name in "ab":
        serving.add_request(ask(name, LONG[:3], 5))
    ends = [each for each in kinds(drive(serving, "the runner forgets b in the second step")) if each[0] == "finished"]
    expect_equal(
        ends,
        [("finished", "a", "error"), ("finished", "b", "error")],
        asked="`_run` raises, and the requests of that plan end: none waits for a token that never comes",
        case="a and b decode; in the second step the runner gives no token to b",
    )


@pytest.mark.task("9.5")
def test_ctrl_c_is_nobodys_error():
    class Interrupted(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            raise KeyboardInterrupt

    serving, request = engine(Interrupted()), ask("a", LONG[:4], 3)
    serving.add_request(request)
    try:
        serving.step()
        went = "swallowed"
    except KeyboardInterrupt:
        went = "on its way"
    expect_equal(went, "on its way", asked="only an Exception ends requests", case="Ctrl-C while the runner computes")


@pytest.mark.task("9.5")
def test_a_broken_step_teaches_nothing():
    clock = VirtualClock()

    class Slow(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            clock.advance(9.0)
            return super().run(plan)

    budget = TokenBudget(target_gap=1.0, low=3, high=64)
    budget.tokens = 8
    serving = Engine(scheduler(), Slow(breaks=lambda plan: True), budget=budget, clock=clock)
    serving.add_request(ask("a", LONG, 3))
    serving.step()
    expect_equal(budget.tokens, 8, asked="the budget stays", case="a step breaks after 9 s, the target is 1 s")


@pytest.mark.task("9.5")
def test_what_a_broken_step_held_is_free_again():
    runner = Pretended(breaks=lambda plan: len(runner.plans) == 1)
    serving = engine(runner, max_running=2, max_batched_tokens=16, max_memory_tokens=40)
    for name in "ab":
        serving.add_request(ask(name, LONG[:4], 9))
    serving.step()
    held = (dict(serving.scheduler.running), serving.scheduler.memory_used, serving.has_work)
    for name in "ab":  # the same names may come again
        serving.add_request(ask(name, LONG[:5], 3))
    events = kinds(drive(serving, "two requests after a broken step"))
    expect_equal(
        (held, [event for event in events if event[0] == "finished"]),
        (({}, 0, False), [("finished", "a", "length"), ("finished", "b", "length")]),
        asked="(running, memory used, has_work) after the broken step, and the ends of two new requests",
        case="the first step breaks",
    )


@pytest.mark.task("9.5")
def test_nothing_of_a_broken_step_counts_as_computed():
    runner = Pretended(breaks=lambda plan: len(runner.plans) == 2)
    serving, request = engine(runner), ask("a", LONG, 4)
    serving.add_request(request)
    serving.step()
    serving.step()
    expect_equal(
        (request.num_computed_tokens, request.finish_reason),
        (8, FinishReason.ERROR),
        asked="(num_computed_tokens, reason)",
        case="18 prompt tokens, 8 a step, the second step breaks",
    )


@pytest.mark.task("9.5")
def test_the_budget_follows_the_clock():
    clock = VirtualClock()

    class Slow(Pretended):
        def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
            clock.advance(0.125 * plan.num_tokens)
            return super().run(plan)

    budget = TokenBudget(target_gap=1.0, low=3, high=64)
    runner = Slow()
    serving = Engine(scheduler(), runner, budget=budget, clock=clock)
    serving.add_request(ask("a", LONG * 2, 2))
    drive(serving, "one long request")
    expect_equal(
        [plan.num_tokens for plan in runner.plans],
        [3, 6, 8, 8, 8, 3, 1],
        asked="the tokens of each step: the budget grows until a step lasts 1 s",
        case="0.125 s a token, target 1 s, from 3 to 64; a prompt of 36 tokens and 2 new ones",
    )


@pytest.mark.task("9.5")
def test_a_preemption_is_reported():
    class Impatient(Scheduler):
        def _make_room(self) -> tuple[str, ...]:
            return ("b",) if self.steps == 2 else ()

    serving = Engine(Impatient(max_running=2, max_batched_tokens=8, max_seq_len=64), Pretended())
    serving.add_request(ask("a", LONG[:4], 3))
    serving.step()
    expect_equal(
        kinds(serving.step())[:1],
        [("preempted", "b", None)],
        asked="what a plan has preempted is reported first",
        case="a scheduler that says so in its second plan",
    )


@pytest.mark.task("9.5")
def test_each_step_is_reported_slot_by_slot():
    seen: list[list[tuple[int, str, int, int]]] = []
    serving = Engine(
        scheduler(),
        Pretended(),
        on_step=lambda rows: seen.append([(row.slot, str(row.kind), row.tokens, row.sampled) for row in rows]),
    )
    serving.add_request(ask("a", LONG[:3], 9))
    serving.step()
    serving.add_request(ask("b", LONG, 9))
    serving.step()
    expect_equal(
        seen,
        [[(0, "prefill", 3, 1)], [(0, "decode", 1, 1), (1, "prefill", 7, 0)]],
        asked="on_step after each step: (slot, kind, tokens read, tokens sampled)",
        case="a has 3 prompt tokens; after the first step b comes with 18; 8 tokens a step",
    )


@pytest.mark.task("9.5")
def test_a_real_model_behind_the_engine():
    requests = [ask(str(index), LONG[: 1 + 7 * index % 18], 2 + 3 * index % 8) for index in range(8)]
    serving = engine(MlxRunner(MODEL, max_running=3, max_seq_len=64))
    for request in requests[:4]:
        serving.add_request(request)
    for _ in range(3):
        serving.step()
    for request in requests[4:]:
        serving.add_request(request)
    drive(serving, "8 requests")
    expect_alone(requests, "8 requests, 4 of them after three steps; 3 slots, 8 tokens a step")


@pytest.mark.task("9.5")
@settings(max_examples=60)
@given(data=st.data())
def test_any_traffic(data: st.DataObject):
    count = data.draw(st.integers(1, 8), label="requests")
    slots = data.draw(st.integers(1, 4), label="slots")
    budget = data.draw(st.integers(slots, 20), label="tokens a step")
    broken = data.draw(st.sets(st.integers(1, 40), max_size=2), label="broken steps")
    memory = data.draw(st.integers(30, 90), label="memory")
    runner = Pretended(breaks=lambda plan: len(runner.plans) in broken)
    serving = engine(runner, max_running=slots, max_batched_tokens=budget, max_seq_len=30, max_memory_tokens=memory)
    requests, events = list[Request](), list[Event]()
    for index in range(count):
        prompt = data.draw(st.lists(st.integers(0, 250), min_size=1, max_size=18), label="prompt")
        requests.append(ask(str(index), prompt, data.draw(st.integers(1, 9), label="limit")))
        serving.add_request(requests[-1])
        for _ in range(data.draw(st.integers(0, 3), label="steps")):
            events += serving.step()
        alive = [each.id for each in requests if not each.is_finished]
        if alive and data.draw(st.integers(0, 4), label="abort") == 0:
            serving.abort(data.draw(st.sampled_from(alive), label="who"))
    case = f"{count} requests, {slots} slots, {budget} tokens a step, memory {memory}, steps {sorted(broken)} break"
    events += drive(serving, case)
    ends = sorted(event.request_id for event in events if isinstance(event, FinishedEvent))
    expect_equal(ends, sorted(each.id for each in requests), asked="each request ends exactly once", case=case)
    expect_equal(runner.faults, [], asked="each token is computed once, in order", case=case)
    expect_true(
        all(plan.num_tokens <= budget for plan in runner.plans),
        asked="no plan is above its budget",
        case=case,
        got=f"{[plan.num_tokens for plan in runner.plans]}",
        expected=f"{budget} at most",
    )
    for request in requests:
        whole = told_alone(request)
        complete = request.finish_reason in (FinishReason.LENGTH, FinishReason.EOS)
        expect_equal(
            request.tokens,
            whole if complete else whole[: len(request.tokens)],
            asked="each request gets the tokens that it would get alone; one that was cut short, their beginning",
            case=f"{case}; request {request.id}, {request.finish_reason}",
        )
    held = (serving.scheduler.running, len(serving.scheduler.waiting), serving.scheduler.slot_of)
    expect_equal(held, ({}, 0, {}), asked="(running, waiting, slots): an idle engine holds nothing", case=case)
