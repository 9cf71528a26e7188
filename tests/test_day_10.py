"""Day 10 · Scheduling: who is next, and who has to go when memory runs out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.engine import Engine, Event, FinishedEvent, PreemptedEvent
from tiny_batch.plan import Arrival, Scheduler, StepPlan
from tiny_batch.policies import Fifo, LengthBalanced, PreemptiveScheduler, ShortestFirst
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch.runner import MlxRunner
from tiny_batch_kit.grading.expect import expect_equal, expect_true
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)
LONG = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3]  # 18 tokens


def ask(name: str, prompt: int | Sequence[int] = 4, max_tokens: int = 4, **options: Any) -> Request:
    """A request; a number stands for a prompt of that length."""
    ids = [(7 * place + ord(name[0])) % 250 for place in range(prompt)] if isinstance(prompt, int) else prompt
    return Request(name, ids, max_tokens, **options)


def fill(queue: Any, requests: Sequence[Request], steps: Sequence[int] | None = None) -> Any:
    for number, request in enumerate(requests):
        queue.add(request, Arrival(number, steps[number] if steps else 0))
    return queue


def order(queue: Any, running: Sequence[Request] = ()) -> list[str]:
    """The order in which requests are admitted, if all can be."""
    found, inside = [], list(running)
    while len(queue):
        request = queue.first(inside, 0)
        if request is None or len(found) > 100:
            return [*found, "nobody"]
        queue.remove(request)
        inside.append(request)
        found.append(request.id)
    return found


def next_token(history: Sequence[int]) -> int:
    """What the pretended model says after `history`."""
    return sum((place + 1) * (token + 7) for place, token in enumerate(history)) % 251


def told_alone(request: Request) -> list[int]:
    """The tokens that the pretended model gives to a request that is alone."""
    history, tokens = list(request.prompt), list[int]()
    while len(tokens) < request.max_tokens:
        tokens.append(next_token(history))
        history.append(tokens[-1])
    return tokens


class Pretended:
    """A runner without a model, which remembers what is stored in each slot, and finds fault with bad plans."""

    def __init__(self) -> None:
        self.stored: dict[int, tuple[str, list[int]]] = {}
        self.plans: list[StepPlan] = []
        self.faults: list[str] = []

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        self.plans.append(plan)
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


# Task 10.1


@pytest.mark.task("10.1")
def test_who_came_first_is_first():
    queue = fill(Fifo(), [ask("a", 9), ask("b", 2), ask("c", 5)])
    expect_equal(order(queue), ["a", "b", "c"], asked="the order of arrival", case="a, b and c arrive")


@pytest.mark.task("10.1")
def test_looking_changes_nothing():
    queue = fill(Fifo(), [ask("a"), ask("b")])
    seen = [getattr(queue.first([], step), "id", None) for step in range(3)]
    expect_equal(
        (seen, len(queue)), (["a"] * 3, 2), asked="(which is first, three times; how many wait)", case="a and b wait"
    )


@pytest.mark.task("10.1")
def test_anybody_may_leave():
    requests = [ask(name) for name in "abcde"]
    queue = fill(Fifo(), requests)
    for place in (2, 0):
        queue.remove(requests[place])
    expect_equal(
        (len(queue), order(queue)), (3, ["b", "d", "e"]), asked="(how many wait, their order)", case="c leaves, then a"
    )


@pytest.mark.task("10.1")
def test_nobody_waits():
    queue = fill(Fifo(), [ask("a")])
    queue.remove(queue.first([], 0))
    expect_equal(
        (len(queue), queue.first([], 1)), (0, None), asked="(how many wait, which is first)", case="a came and left"
    )


@pytest.mark.task("10.1")
def test_who_comes_back_has_kept_their_place():
    requests = [ask(name) for name in "abcd"]
    queue = fill(Fifo(), requests)
    for place in (0, 1):
        queue.remove(requests[place])
    for place in (1, 0):  # the newest is sent back first
        queue.add(requests[place], Arrival(place, 0))
    expect_equal(
        order(queue), ["a", "b", "c", "d"], asked="the old order", case="a and b were admitted and are sent back"
    )


@pytest.mark.task("10.1")
def test_who_comes_back_stands_before_equal_ones_that_came_later():
    class AllAlike(Fifo):
        def key(self, request: Request, arrival: Arrival) -> float:
            return 0.0

    requests = [ask(name) for name in "zma"]
    queue = fill(AllAlike(), requests)
    queue.remove(requests[0])
    queue.add(requests[0], Arrival(0, 0))
    expect_equal(
        order(queue),
        ["z", "m", "a"],
        asked="of equal ones the one that came first, even when it was away for a while",
        case="a queue whose key is the same for all; z was admitted and is sent back",
    )


@pytest.mark.task("10.1")
def test_an_id_may_come_again():
    queue = Fifo()
    first, other, again = ask("a"), ask("b"), ask("a", 7)
    for number, request in enumerate((first, other)):
        queue.add(request, Arrival(number, 0))
    queue.remove(first)
    queue.add(again, Arrival(2, 5))
    ahead = queue.first([], 6)
    expect_equal(
        (ahead is other, len(queue), order(queue)),
        (True, 2, ["b", "a"]),
        asked="(b is first, how many wait, the order): the new a came after b",
        case="a and b wait, a leaves, another request with the id a comes",
    )


@pytest.mark.task("10.1")
def test_a_long_queue_is_as_quick_as_a_short_one():
    compared = 0

    class Counting(float):
        def __lt__(self, other: Any) -> bool:
            nonlocal compared
            compared += 1
            return float(self) < float(other)

        def __gt__(self, other: Any) -> bool:
            return other.__lt__(self) if isinstance(other, Counting) else float(self) > float(other)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, float) and float(self) == float(other)

        __hash__ = float.__hash__

    class Queue(Fifo):
        def key(self, request: Request, arrival: Arrival) -> float:
            return Counting(arrival.number)

    count = 2000
    queue = fill(Queue(), [ask(f"{number}", 1) for number in range(count)])
    for step in range(count):
        queue.remove(queue.first([], step))
    expect_true(
        compared < 60 * count,
        asked="adding and removing cost about the logarithm of the queue: comparisons of keys",
        case=f"{count} requests come, then all are admitted, one after another",
        got=f"{compared} comparisons",
        expected=f"some 11 for each of them, {60 * count} at most",
    )


@pytest.mark.task("10.1")
def test_the_scheduler_takes_it():
    serving = Scheduler(max_running=2, max_batched_tokens=30, max_seq_len=64, queue=Fifo())
    for name in "abc":
        serving.add(ask(name))
    first = [work.request_id for work in serving.plan().work]
    serving.remove("c")
    serving.remove("a")
    expect_equal(
        (first, list(serving.running), len(serving.waiting)),
        (["a", "b"], ["b"], 0),
        asked="(the plan, which run, how many wait)",
        case="a, b, c with 2 slots; then c, which waits, and a, which runs, are removed",
    )


# Task 10.2


@pytest.mark.task("10.2")
def test_least_work_first():
    queue = fill(ShortestFirst(ageing=0), [ask("a", 3, 9), ask("b", 2, 3), ask("c", 8, 1), ask("d", 1, 3)])
    expect_equal(
        order(queue), ["d", "b", "c", "a"], asked="by prompt and answer together", case="12, 5, 9 and 4 tokens of work"
    )


@pytest.mark.task("10.2")
def test_equal_work_in_order_of_arrival():
    queue = fill(ShortestFirst(ageing=0), [ask("z", 5, 5), ask("m", 2, 8), ask("a", 8, 2)])
    expect_equal(
        order(queue), ["z", "m", "a"], asked="of equal ones the one that came first", case="10 tokens of work each"
    )


@pytest.mark.task("10.2")
def test_only_work_that_is_left_counts():
    half, fresh = ask("a", 20, 4), ask("b", 6, 4)
    half.num_computed_tokens = 18
    queue = fill(ShortestFirst(ageing=0), [fresh, half])
    expect_equal(order(queue), ["a", "b"], asked="a has 6 tokens left, b 10", case="18 of a's 24 tokens are computed")


@pytest.mark.task("10.2")
def test_waiting_is_forgiven():
    requests = [ask("long", 30, 20), ask("b", 5, 5), ask("c", 5, 5)]
    queue = fill(ShortestFirst(ageing=2), requests, steps=[0, 19, 21])
    expect_equal(
        order(queue),
        ["b", "long", "c"],
        asked="long has 50 tokens of work and came at step 0; one that comes 20 steps later with 10 is as old",
        case="ageing 2 a step; b (10 tokens) comes at step 19, c (10 tokens) at step 21",
    )


@pytest.mark.task("10.2")
def test_an_estimate_of_your_own():
    guesses = {"a": 3.0, "b": 1.0, "c": 2.0}
    queue = fill(ShortestFirst(ageing=0, estimate=lambda request: guesses[request.id]), [ask(name) for name in "abc"])
    expect_equal(order(queue), ["b", "c", "a"], asked="by the estimate that was given", case=f"estimates {guesses}")


@pytest.mark.task("10.2")
@settings(max_examples=40)
@given(
    ageing=st.sampled_from([0.5, 1.0, 4.0]),
    sizes=st.lists(st.integers(2, 40), min_size=2, max_size=12),
    gaps=st.lists(st.integers(0, 15), min_size=12, max_size=12),
)
def test_nobody_is_overtaken_for_ever(ageing: float, sizes: list[int], gaps: list[int]):
    steps = [sum(gaps[:place]) for place in range(len(sizes))]
    queue = fill(ShortestFirst(ageing), [ask(f"{n}", size - 1, 1) for n, size in enumerate(sizes)], steps)
    place_of = {int(name): place for place, name in enumerate(order(queue))}
    unfair = [
        (old, young)
        for old in range(len(sizes))
        for young in range(old + 1, len(sizes))
        if steps[young] > steps[old] + sizes[old] / ageing and place_of[young] < place_of[old]
    ]
    expect_equal(
        unfair,
        [],
        asked="nobody is overtaken by one who came more than work / ageing steps later: (overtaken, by whom)",
        case=f"work {sizes}, arrival steps {steps}, ageing {ageing}",
    )


@pytest.mark.task("10.2")
def test_the_order_changes_and_the_answers_do_not():
    requests = [ask("a", 12, 9), ask("b", 9, 7), ask("c", 2, 3), ask("d", 4, 2)]
    serving = Engine(
        Scheduler(max_running=1, max_batched_tokens=6, max_seq_len=64, queue=ShortestFirst(ageing=0.01)), Pretended()
    )
    for request in requests:
        serving.add_request(request)
    ends = [each.request_id for each in drive(serving, "four requests, one slot") if isinstance(each, FinishedEvent)]
    expect_equal(
        (ends, [request.tokens for request in requests]),
        (["c", "d", "b", "a"], [told_alone(request) for request in requests]),
        asked="(the order of the ends, the tokens of a, b, c, d)",
        case="21, 16, 5 and 6 tokens of work, one slot",
    )


# Task 10.3


@pytest.mark.task("10.3")
def test_a_short_one_beside_long_ones():
    running = [ask("x", 100), ask("y", 90)]
    queue = fill(LengthBalanced(), [ask("a", 95), ask("b", 10, 300), ask("c", 60)])
    expect_equal(
        getattr(queue.first(running, 0), "id", None),
        "b",
        asked="the one that brings the mean of the running ones (95 now) nearest to that of all (71)",
        case="two of 100 and 90 run; 95, 10 and 60 wait: means with them 95, 66.7 and 83.3",
    )


@pytest.mark.task("10.3")
def test_a_long_one_beside_short_ones():
    running = [ask("x", 10), ask("y", 12)]
    queue = fill(LengthBalanced(), [ask("a", 11), ask("b", 90), ask("c", 30)])
    expect_equal(
        getattr(queue.first(running, 0), "id", None),
        "b",
        asked="the one that brings the mean of the running ones (11 now) nearest to that of all (30.6)",
        case="two of 10 and 12 run; 11, 90 and 30 wait: means with them 11, 37.3 and 17.3",
    )


@pytest.mark.task("10.3")
def test_an_empty_batch_begins_with_the_average():
    queue = fill(LengthBalanced(), [ask("a", 100), ask("b", 40), ask("c", 10)])
    expect_equal(
        getattr(queue.first([], 0), "id", None),
        "b",
        asked="the one nearest to the mean, 50",
        case="100, 40 and 10 wait",
    )


@pytest.mark.task("10.3")
def test_of_equally_near_ones_the_oldest():
    queue = fill(LengthBalanced(), [ask("a", 20), ask("b", 20), ask("c", 20)])
    expect_equal(order(queue), ["a", "b", "c"], asked="the oldest of them", case="three of 20 tokens")


@pytest.mark.task("10.3")
def test_an_answer_counts_as_length():
    grown = ask("x", 10, 80)
    grown.tokens = list(range(60))
    queue = fill(LengthBalanced(), [ask("a", 69), ask("b", 10)])
    expect_equal(
        getattr(queue.first([grown], 0), "id", None),
        "b",
        asked="the running request has 70 tokens, so the short one balances: means 69.5 and 40 for a target of 49.7",
        case="x has 10 prompt tokens and 60 of its answer; 69 and 10 wait",
    )


@pytest.mark.task("10.3")
def test_who_runs_belongs_to_all():
    queue = fill(LengthBalanced(), [ask("a", 2), ask("b", 30), ask("c", 80)])
    expect_equal(
        getattr(queue.first([ask("x", 60)], 0), "id", None),
        "b",
        asked="the mean of all, running ones included, is 43; means with a, b and c are 31, 45 and 70",
        case="60 runs; 2, 30 and 80 wait",
    )


@pytest.mark.task("10.3")
def test_only_the_window_is_looked_at():
    queue = fill(LengthBalanced(window=2), [ask("a", 100), ask("b", 90), ask("c", 10)])
    expect_equal(
        getattr(queue.first([ask("x", 100), ask("y", 100)], 0), "id", None),
        "b",
        asked="one of the oldest two; the mean of all is theirs and that of the running ones, 97.5",
        case="two of 100 run; 100, 90 and 10 wait, window 2",
    )


@pytest.mark.task("10.3")
def test_those_behind_the_window_do_not_count():
    queue = fill(LengthBalanced(window=2), [ask("a", 10), ask("b", 60), ask("c", 1), ask("d", 1), ask("e", 1)])
    expect_equal(
        getattr(queue.first([ask("x", 30)], 0), "id", None),
        "b",
        asked="the mean of the running ones and those in the window is 33.3; means with a and b are 20 and 45",
        case="30 runs; 10, 60, 1, 1 and 1 wait, window 2",
    )


@pytest.mark.task("10.3")
def test_the_oldest_is_passed_over_a_few_times_only():
    queue = fill(LengthBalanced(patience=2), [ask("old", 400), *(ask(f"{n}", 20) for n in range(6))])
    running = [ask("x", 20) for _ in range(3)] + [ask("big", 300)]
    admitted = []
    for _ in range(4):
        request = queue.first(running, 0)
        if request is None:
            break
        queue.remove(request)
        admitted.append(request.id)
    expect_equal(
        admitted[:3],
        ["0", "1", "old"],
        asked="two others may go first, then the oldest, whatever its length",
        case="400 tokens wait before six of 20; four run; patience 2",
    )


@pytest.mark.task("10.3")
def test_the_next_oldest_has_patience_anew():
    queue = fill(LengthBalanced(patience=1), [ask("a", 300), ask("b", 300), *(ask(f"{n}", 20) for n in range(4))])
    running, admitted = [ask("x", 300) for _ in range(4)], []
    for _ in range(4):
        request = queue.first(running, 0)
        if request is None:
            break
        queue.remove(request)
        admitted.append(request.id)
    expect_equal(
        admitted,
        ["0", "a", "1", "b"],
        asked="each that is the oldest may be passed over once",
        case="two of 300 wait before four of 20; four of 300 run; patience 1",
    )


@pytest.mark.task("10.3")
def test_looking_at_the_balanced_queue_changes_nothing():
    queue = fill(LengthBalanced(patience=2), [ask("old", 400), ask("a", 20), ask("b", 20), ask("c", 20)])
    running = [ask("x", 20) for _ in range(3)] + [ask("big", 300)]
    seen = [getattr(queue.first(running, step), "id", None) for step in range(5)]
    expect_equal(seen, ["a"] * 5, asked="which is first, five times: none was admitted", case="patience 2")


@pytest.mark.task("10.3")
def test_no_patience_at_all():
    queue = fill(LengthBalanced(patience=0), [ask("a", 100), ask("b", 20), ask("c", 90)])
    admitted = order(queue, [ask("x", 100) for _ in range(4)])
    expect_equal(admitted, ["a", "b", "c"], asked="the oldest is never passed over", case="patience 0")


@pytest.mark.task("10.3")
def test_who_stands_behind_the_window_may_leave():
    requests = [ask(name, 20) for name in "abcde"]
    queue = fill(LengthBalanced(window=2), requests)
    queue.remove(requests[4])
    expect_equal(order(queue), ["a", "b", "c", "d"], asked="the others", case="window 2; e, the fifth, gives up")


@pytest.mark.task("10.3")
def test_an_abort_is_no_admission_of_the_oldest():
    requests = [ask("a", 50), ask("b", 40), ask("c", 30)]
    queue = fill(LengthBalanced(), requests)
    queue.remove(requests[1])
    expect_equal((len(queue), sorted(order(queue))), (2, ["a", "c"]), asked="(how many wait, which)", case="b gives up")


@pytest.mark.task("10.3")
def test_nobody_waits_in_the_balanced_queue():
    queue = fill(LengthBalanced(), [ask("a")])
    queue.remove(queue.first([], 0))
    expect_equal((len(queue), queue.first([ask("x")], 1)), (0, None), asked="(how many, which)", case="a came and left")


@pytest.mark.task("10.3")
def test_it_balances_and_the_answers_stay():
    requests = [ask(name, size, 5) for name, size in zip("abcdef", (30, 28, 3, 26, 4, 2), strict=True)]
    serving = Engine(
        Scheduler(max_running=2, max_batched_tokens=16, max_seq_len=64, queue=LengthBalanced()), Pretended()
    )
    for request in requests:
        serving.add_request(request)
    ends = sorted(each.request_id for each in drive(serving, "six requests") if isinstance(each, FinishedEvent))
    expect_equal(
        (ends, [request.tokens for request in requests]),
        (list("abcdef"), [told_alone(request) for request in requests]),
        asked="(which ended, their tokens)",
        case="prompts of 30, 28, 3, 26, 4 and 2 tokens, 2 slots",
    )


# Task 10.4


def scheduler(memory: int, **options: Any) -> PreemptiveScheduler:
    given = {"max_running": 4, "max_batched_tokens": 32, "max_seq_len": 64, "headroom": 1, "queue": Fifo(), **options}
    return PreemptiveScheduler(max_memory_tokens=memory, **given)


def serve(memory: int, requests: Sequence[Request], case: str, **options: Any) -> tuple[Engine, list[Event], Pretended]:
    runner = Pretended()
    serving = Engine(scheduler(memory, **options), runner)
    for request in requests:
        serving.add_request(request)
    return serving, drive(serving, case), runner


@pytest.mark.task("10.4")
def test_memory_is_what_exists():
    serving = scheduler(100)
    requests = [ask("a", 10, 40), ask("b", 20, 30)]
    for request in requests:
        serving.add(request)
    serving.plan()
    before = serving.memory_used
    requests[0].tokens.append(5)
    expect_equal(
        (before, serving.memory_used),
        (30, 31),
        asked="memory used by prompts of 10 and 20, and after one token of an answer",
        case="both may get more than 30 new tokens, which don't exist yet",
    )


@pytest.mark.task("10.4")
def test_a_whole_prompt_counts_from_the_start():
    serving = scheduler(100, max_batched_tokens=8)
    serving.add(ask("a", 40, 5))
    serving.commit(serving.plan())
    expect_equal(
        serving.memory_used, 40, asked="the whole prompt, though 8 tokens are computed", case="40 tokens, 8 a step"
    )


@pytest.mark.task("10.4")
def test_more_run_than_could_all_grow():
    serving = scheduler(70)
    for name in "abc":
        serving.add(ask(name, 15, 20))
    work = [each.request_id for each in serving.plan().work]
    expect_equal(
        work,
        ["a", "b", "c"],
        asked="all three are admitted: their 45 tokens fit, though they may grow to 105",
        case="three of 15 tokens that want 20; memory for 70, headroom 1",
    )


@pytest.mark.task("10.4")
def test_headroom_is_left_for_all_who_run():
    serving = scheduler(62, headroom=5, max_batched_tokens=64)
    for name in "abc":
        serving.add(ask(name, 16, 20))
    work = [each.request_id for each in serving.plan().work]
    expect_equal(
        (work, len(serving.waiting)),
        (["a", "b"], 1),
        asked="(which are planned, how many wait): with c they would have 48 tokens and want 5 more each, 63",
        case="three of 16 tokens, memory for 62, headroom 5",
    )


@pytest.mark.task("10.4")
def test_headroom_may_be_used_to_the_last_token():
    serving = scheduler(63, headroom=5, max_batched_tokens=64)
    for name in "abc":
        serving.add(ask(name, 16, 20))
    work = [each.request_id for each in serving.plan().work]
    expect_equal(
        work,
        ["a", "b", "c"],
        asked="48 tokens and 5 more each are 63: they fit",
        case="three of 16 tokens, memory for 63, headroom 5",
    )


@pytest.mark.task("10.4")
def test_who_is_alone_needs_no_headroom():
    serving = scheduler(20, headroom=10)
    serving.add(ask("a", 16, 4))
    work = [each.request_id for each in serving.plan().work]
    expect_equal(work, ["a"], asked="it is admitted: alone it fits to its end", case="16 + 4 tokens, memory for 20")


@pytest.mark.task("10.4")
def test_the_newest_goes_and_comes_back():
    requests = [ask("a", 10, 12), ask("b", 10, 12)]
    case = "two of 10 tokens that want 12, memory for 30"
    _, events, runner = serve(30, requests, case)
    preempted = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    ends = [event.request_id for event in events if isinstance(event, FinishedEvent)]
    expect_equal(
        (set(preempted), ends, [request.tokens for request in requests]),
        ({"b"}, ["a", "b"], [told_alone(request) for request in requests]),
        asked="(which were sent back, the order of the ends, the tokens of both)",
        case=case,
    )
    expect_equal(runner.faults, [], asked="what is computed continues what is stored", case=case)


@pytest.mark.task("10.4")
def test_who_goes_back_keeps_what_was_said():
    requests = [ask("a", 10, 12), ask("b", 10, 12)]
    serving = scheduler(30)
    for request in requests:
        serving.add(request)
    runner = Pretended()
    for _ in range(20):
        plan = serving.plan()
        if plan.preempted:
            break
        sampled = runner.run(plan)
        serving.commit(plan)
        for name, tokens in sampled.items():
            serving.running[name].append_token(tokens[0])
    b = requests[1]
    expect_equal(
        (
            plan.preempted,
            b.state,
            b.num_computed_tokens,
            (len(b.tokens), len(b.token_times), b.queue_time is not None),
            "b" in serving.slot_of,
            len(serving.waiting),
        ),
        (("b",), RequestState.WAITING, 0, (6, 6, True), False, 1),
        asked="(preempted, b's state, num_computed_tokens, (tokens, times, queue time), has a slot, how many wait)",
        case="two of 10 tokens that want 12, memory for 30: with 6 tokens each they have 32",
    )


@pytest.mark.task("10.4")
def test_who_is_half_read_may_have_to_go():
    requests = [ask("a", 10, 12), ask("b", 18, 3)]
    case = "a has 10 tokens and decodes, b is read 2 tokens a step; memory for 30, which is full when a has 13"
    _, events, runner = serve(30, requests, case, max_running=2, max_batched_tokens=3, headroom=0)
    preempted = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    expect_equal(
        (preempted[:1], runner.faults, [request.tokens for request in requests]),
        (["b"], [], [told_alone(request) for request in requests]),
        asked="(which is sent back first, work that continues what is not stored, all tokens)",
        case=case,
    )


@pytest.mark.task("10.4")
def test_who_goes_back_has_kept_their_arrival():
    seen: dict[str, list[Arrival]] = {}

    class Noting(Fifo):
        def add(self, request: Request, arrival: Arrival) -> None:
            seen.setdefault(request.id, []).append(arrival)
            super().add(request, arrival)

    requests = [ask("a", 10, 12), ask("b", 10, 12)]
    serve(30, requests, "two of 10 tokens that want 12, memory for 30", queue=Noting())
    expect_equal(
        (len(seen["b"]) > 1, set(seen["b"])),
        (True, {Arrival(1, 0)}),
        asked="(b was put back, its arrivals): ageing goes on from where it began",
        case="a and b arrive before the first step; b is sent back",
    )


@pytest.mark.task("10.4")
def test_without_a_queue_of_its_own_places_are_kept_too():
    serving = PreemptiveScheduler(
        max_running=3, max_batched_tokens=30, max_seq_len=30, max_memory_tokens=24, headroom=0
    )
    for name in "abcd":
        serving.add(ask(name, 8 if name != "d" else 2, 9))
    serving.commit(serving.plan())
    for request in serving.running.values():
        request.append_token(1)
    preempted = serving.plan().preempted
    serving.remove("a")
    serving.plan()
    expect_equal(
        (preempted, list(serving.running)[:2]),
        (("c",), ["b", "c"]),
        asked="(preempted, which run once a has left): c before d",
        case="a, b, c of 8 tokens run in memory for 24, d waits; each gets a token, and c has to go",
    )


@pytest.mark.task("10.4")
def test_several_may_have_to_go_newest_first():
    serving = scheduler(40)
    requests = [ask(name, 6, 20) for name in "abcd"]
    for request in requests:
        serving.add(request)
    serving.commit(serving.plan())
    for request, count in zip(requests, (18, 4, 3, 2), strict=True):
        for token in range(count):
            request.append_token(token)
    expect_equal(
        (serving.plan().preempted, list(serving.running)),
        (("d", "c"), ["a", "b"]),
        asked="(preempted, which run): 51 tokens are too many, 43 too, 34 fit",
        case="a, b, c, d have 24, 10, 9 and 8 tokens, memory for 40",
    )


@pytest.mark.task("10.4")
def test_the_last_admitted_goes_whatever_its_slot_name_or_arrival():
    serving = scheduler(30, queue=ShortestFirst(ageing=0), headroom=0)
    requests = {name: ask(name, size, limit) for name, size, limit in (("z", 8, 20), ("a", 6, 20), ("q", 4, 1))}
    for request in requests.values():
        serving.add(request)
    serving.commit(serving.plan())
    serving.remove("q")
    requests["m"] = ask("m", 8, 20)
    serving.add(requests["m"])
    serving.commit(serving.plan())
    slots = dict(serving.slot_of)
    for name, count in (("a", 12), ("z", 6), ("m", 1)):
        for token in range(count):
            requests[name].append_token(token)
    expect_equal(
        (slots, serving.plan().preempted, list(serving.running)),
        ({"a": 1, "z": 2, "m": 0}, ("m", "z"), ["a"]),
        asked="(slots, preempted, which run): m was admitted last, z before it; 41 tokens are too many, 32 too, 18 fit",
        case="z, a and q come, and are admitted as q, a, z; q leaves, and m gets its slot; memory for 30",
    )


@pytest.mark.task("10.4")
@pytest.mark.parametrize(("memory", "preempted"), [(24, ()), (23, ("b",))], ids=["just-enough", "one-too-few"])
def test_memory_may_be_full_and_no_more(memory: int, preempted: tuple[str, ...]):
    serving = scheduler(memory, headroom=0)
    requests = [ask(name, 10, 9) for name in "ab"]
    for request in requests:
        serving.add(request)
    serving.commit(serving.plan())
    for request in requests:
        for token in (1, 2):
            request.append_token(token)
    expect_equal(
        serving.plan().preempted,
        preempted,
        asked="which are sent back: none, as long as the tokens fit",
        case=f"a and b have 12 tokens each, memory for {memory}",
    )


@pytest.mark.task("10.4")
def test_who_goes_back_is_next_again():
    serving, runner = scheduler(30, max_running=2), Pretended()
    for name, size in (("a", 10), ("b", 10), ("c", 3)):
        serving.add(ask(name, size, 12))
    for _ in range(20):
        plan = serving.plan()
        if plan.preempted:
            break
        sampled = runner.run(plan)
        serving.commit(plan)
        for name, tokens in sampled.items():
            serving.running[name].append_token(tokens[0])
    serving.remove("a")
    after = [(work.request_id, work.start, len(work.tokens)) for work in serving.plan().work]
    expect_equal(
        (plan.preempted, after),
        (("b",), [("b", 0, 16), ("c", 0, 3)]),
        asked="(preempted, the plan once a has left): b before c, which came later, and from its beginning",
        case="a and b of 10 tokens run in 2 slots, c waits; b is sent back with 6 new tokens",
    )


@pytest.mark.task("10.4")
def test_with_enough_memory_nobody_goes():
    requests = [ask(name, 10, 12) for name in "abcd"]
    case = "four of 10 tokens that want 12, memory for 88"
    _, events, _ = serve(88, requests, case)
    preempted = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    tokens = [request.tokens for request in requests]
    expect_equal(
        (preempted, tokens),
        ([], [told_alone(request) for request in requests]),
        asked="(which were sent back, all tokens)",
        case=case,
    )


@pytest.mark.task("10.4")
def test_with_hardly_any_memory_all_are_served():
    requests = [ask(f"{n}", 3 + n % 9, 20 - n) for n in range(10)]
    case = "ten requests, memory for 24, which the largest needs alone"
    _, events, runner = serve(24, requests, case)
    ends = sorted(event.request_id for event in events if isinstance(event, FinishedEvent))
    used = [sum(work.start + len(work.tokens) for work in plan.work) for plan in runner.plans]
    expect_equal(
        (ends, [request.tokens for request in requests], max(used) <= 24),
        (sorted(request.id for request in requests), [told_alone(request) for request in requests], True),
        asked="(which ended, all tokens, no step stores more than memory holds)",
        case=case,
    )


@pytest.mark.task("10.4")
def test_a_real_model_forgets_and_reads_again():
    requests = [ask(f"{n}", LONG[: 5 + 3 * n], 12) for n in range(4)]
    serving = Engine(scheduler(44, max_batched_tokens=9), MlxRunner(MODEL, max_running=4, max_seq_len=64))
    for request in requests:
        serving.add_request(request)
    case = "four requests, memory for 44, 9 tokens a step"
    events = drive(serving, case)
    expect_true(
        any(isinstance(event, PreemptedEvent) for event in events),
        asked="memory is too small for all: a request is sent back",
        case=case,
        got="nobody",
        expected="somebody",
    )
    for request in requests:
        alone = serve_alone(MODEL, request.prompt, request.max_tokens)
        problem = agrees(request.tokens, alone)
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone, preempted or not",
            case=f"{case}; request {request.id}",
            got=f"{request.tokens}: {problem}",
            expected=str(alone.tokens),
        )


QUEUES = {
    "fifo": Fifo,
    "shortest": lambda: ShortestFirst(ageing=1.0),
    "balanced": lambda: LengthBalanced(window=3, patience=2),
}


@pytest.mark.task("10.4")
@settings(max_examples=60)
@given(data=st.data())
def test_any_traffic(data: st.DataObject):
    policy = data.draw(st.sampled_from(sorted(QUEUES)), label="policy")
    slots = data.draw(st.integers(1, 4), label="slots")
    budget = data.draw(st.integers(slots, 20), label="tokens a step")
    memory = data.draw(st.integers(27, 80), label="memory")
    headroom = data.draw(st.integers(0, 6), label="headroom")
    runner = Pretended()
    given_options = {"max_running": slots, "max_batched_tokens": budget, "max_seq_len": 30, "headroom": headroom}
    serving = Engine(scheduler(memory, queue=QUEUES[policy](), **given_options), runner)
    requests, events = list[Request](), list[Event]()
    for index in range(data.draw(st.integers(1, 8), label="requests")):
        prompt = data.draw(st.lists(st.integers(0, 250), min_size=1, max_size=18), label="prompt")
        requests.append(ask(f"{index}", prompt, data.draw(st.integers(1, 9), label="limit")))
        serving.add_request(requests[-1])
        for _ in range(data.draw(st.integers(0, 3), label="steps")):
            events += serving.step()
        alive = [each.id for each in requests if not each.is_finished]
        if alive and data.draw(st.integers(0, 4), label="abort") == 0:
            serving.abort(data.draw(st.sampled_from(alive), label="who"))
    case = f"{len(requests)} requests, {policy}, {slots} slots, {budget} tokens a step, memory {memory}"
    events += drive(serving, case)
    ends = sorted(event.request_id for event in events if isinstance(event, FinishedEvent))
    expect_equal(ends, sorted(each.id for each in requests), asked="each request ends exactly once", case=case)
    expect_equal(runner.faults, [], asked="what is computed continues what is stored", case=case)
    most = max((sum(work.start + len(work.tokens) for work in plan.work) for plan in runner.plans), default=0)
    expect_true(
        most <= memory, asked="no step stores more than memory holds", case=case, got=f"{most}", expected=f"{memory}"
    )
    for request in requests:
        whole = told_alone(request)
        complete = request.finish_reason is FinishReason.LENGTH
        expect_equal(
            request.tokens,
            whole if complete else whole[: len(request.tokens)],
            asked="a policy changes when a token comes, never which",
            case=f"{case}; request {request.id}, {request.finish_reason}",
        )
    held = (serving.scheduler.running, len(serving.scheduler.waiting), serving.scheduler.slot_of)
    expect_equal(held, ({}, 0, {}), asked="(running, waiting, slots): an idle engine holds nothing", case=case)
