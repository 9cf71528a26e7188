"""Day 3 · Dynamic batching: requests that come one by one, gathered until a batch is full or somebody waited enough."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import mlx.core as mx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_batch.collate import collate_images, collate_sparse, collate_texts
from tiny_batch.dynamic import BatcherClosed, DynamicBatcher, WrongCount
from tiny_batch_kit.grading.expect import Mismatch, expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.virtual_time import NothingLeft, run_virtual


class Machine:
    """A `run_batch` that doubles numbers, takes its time, and remembers what it ran, and when."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.batches: list[list[int]] = []
        self.started: list[float] = []
        self.running = 0
        self.most_at_once = 0

    async def __call__(self, requests: list[int]) -> list[int]:
        self.batches.append(list(requests))
        self.started.append(now())
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        return [2 * request for request in requests]


def now() -> float:
    return round(asyncio.get_running_loop().time(), 4)


def play(main: Coroutine[Any, Any, Any], case: str) -> Any:
    """Run in virtual time; a program in which everybody waits for ever is a stranded caller."""
    try:
        return run_virtual(main)
    except NothingLeft as error:
        died = f"; your worker (an asyncio task) has died of {error.__cause__!r}" if error.__cause__ else ""
        raise Mismatch(
            "every caller gets an answer or an error, and none is stranded",
            case,
            f"everybody waits, and nothing is left that could wake them{died}",
            "an answer",
        ) from error


async def arrive(batcher: DynamicBatcher[int, int], milliseconds: Sequence[int], into: list[Any]) -> None:
    """Submit 0, 1, 2, … one after another, each so long after the one before it; their tasks are added to `into`."""
    for number, gap in enumerate(milliseconds):
        await asyncio.sleep(gap / 1000)
        into.append(asyncio.create_task(batcher.submit(number)))


async def served(batcher: DynamicBatcher[int, int], milliseconds: Sequence[int]) -> list[Any]:
    """What the callers got who came with these gaps."""
    callers: list[Any] = []
    await arrive(batcher, milliseconds, callers)
    return await outcomes(*callers)


async def outcomes(*callers: Any) -> list[Any]:
    """What each caller got: its result, or the class of its error. A hole is no outcome: it is raised."""
    got = await asyncio.gather(*callers, return_exceptions=True)
    for each in got:
        if isinstance(each, NotImplementedError):
            raise each
    return [type(each) if isinstance(each, BaseException) else each for each in got]


# Task 3.1


@pytest.mark.task("3.1")
def test_a_lonely_request_waits_for_others_and_then_runs():
    machine = Machine()

    async def main() -> Any:
        return await DynamicBatcher(machine, 4, 100).submit(7)

    case = "one request, max_batch_size 4, max_wait_ms 100"
    expect_equal(play(main(), case), 14, asked="the request's own result", case=case)
    expect_equal(machine.started, [0.1], asked="it runs when it has waited max_wait_ms, not before or later", case=case)


@pytest.mark.task("3.1")
def test_a_full_batch_does_not_wait():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 3, 100)
        return await outcomes(*(batcher.submit(number) for number in range(3)))

    case = "three requests at once, max_batch_size 3"
    expect_equal(play(main(), case), [0, 2, 4], asked="each caller its own result", case=case)
    expect_equal(
        (machine.batches, machine.started), ([[0, 1, 2]], [0.0]), asked="a full batch starts at once", case=case
    )


@pytest.mark.task("3.1")
def test_the_last_one_in_starts_the_batch():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 3, 100)
        return await served(batcher, [0, 20, 20])

    case = "requests at 0, 20 and 40 ms, max_batch_size 3, max_wait_ms 100"
    play(main(), case)
    expect_equal(machine.started, [0.04], asked="full or due, whichever comes first: here it is full", case=case)


@pytest.mark.task("3.1")
def test_the_oldest_request_sets_the_time():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 10, 100)
        return await served(batcher, [0, 40, 40])

    case = "requests at 0, 40 and 80 ms, max_batch_size 10, max_wait_ms 100"
    play(main(), case)
    expect_equal(
        (machine.batches, machine.started),
        ([[0, 1, 2]], [0.1]),
        asked="the wait counts from the oldest request; later ones don't start it anew",
        case=case,
    )


@pytest.mark.task("3.1")
def test_who_does_not_fit_is_served_without_a_new_arrival():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 4, 100)
        return await outcomes(*(batcher.submit(number) for number in range(10)))

    case = "ten requests at once, max_batch_size 4, and nobody after them"
    expect_equal(play(main(), case), [2 * number for number in range(10)], asked="all ten are answered", case=case)
    expect_equal(
        machine.batches,
        [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]],
        asked="the oldest first, at most max_batch_size together",
        case=case,
    )


@pytest.mark.task("3.1")
def test_one_batch_runs_at_a_time():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 2, 10)
        return await served(batcher, [0, 100, 100, 100, 100, 100])

    case = "six requests 100 ms apart, batches of at most 2 that run for a second"
    play(main(), case)
    expect_equal(machine.most_at_once, 1, asked="one machine runs one batch at a time", case=case)


@pytest.mark.task("3.1")
def test_requests_gather_while_a_batch_runs():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 8, 10)
        return await served(batcher, [0, 100, 100, 100, 100, 100])

    case = "six requests 100 ms apart, max_batch_size 8, max_wait_ms 10, a batch runs for a second"
    play(main(), case)
    expect_equal(
        (machine.batches, machine.started),
        ([[0], [1, 2, 3, 4, 5]], [0.01, 1.01]),
        asked="requests that came while a batch ran have waited enough: all run together as soon as it ends",
        case=case,
    )


@pytest.mark.task("3.1")
def test_two_equal_requests_are_two():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 4, 100)
        return await outcomes(batcher.submit(5), batcher.submit(5), batcher.submit(6))

    case = "requests 5, 5 and 6"
    expect_equal(play(main(), case), [10, 10, 12], asked="every caller gets an answer", case=case)
    expect_equal(machine.batches, [[5, 5, 6]], asked="equal requests are different requests", case=case)


@pytest.mark.task("3.1")
def test_the_next_batch_waits_anew():
    machine = Machine(seconds=0.5)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 4, 100)
        return await served(batcher, [0, 5000])

    case = "a request at 0 s, another at 5 s, max_wait_ms 100"
    play(main(), case)
    expect_equal(machine.started, [0.1, 5.1], asked="each batch waits for its own oldest request", case=case)


@pytest.mark.task("3.1")
def test_no_wait_at_all_runs_at_once():
    machine = Machine()

    async def main() -> Any:
        return await DynamicBatcher(machine, 4, 0).submit(3)

    case = "one request, max_wait_ms 0"
    play(main(), case)
    expect_equal(machine.started, [0.0], asked="with max_wait_ms 0 no request waits for company", case=case)


@pytest.mark.task("3.1")
@given(
    gaps=st.lists(st.integers(0, 300), min_size=1, max_size=30),
    size=st.integers(1, 6),
    wait=st.integers(0, 200),
    seconds=st.sampled_from([0.0, 0.05, 0.5]),
)
def test_everybody_is_answered_in_order(gaps: list[int], size: int, wait: int, seconds: float):
    machine = Machine(seconds)

    async def main() -> Any:
        return await served(DynamicBatcher(machine, size, wait), gaps)

    case = f"gaps {gaps} ms, max_batch_size {size}, max_wait_ms {wait}, a batch takes {seconds} s"
    got = play(main(), case)
    expect_equal(got, [2 * number for number in range(len(gaps))], asked="each caller its own result", case=case)
    order = [number for batch in machine.batches for number in batch]
    expect_equal(order, list(range(len(gaps))), asked="first come, first served", case=case)
    expect_true(
        max(map(len, machine.batches)) <= size,
        asked="no batch is larger than max_batch_size",
        case=case,
        got=f"batches of {[len(batch) for batch in machine.batches]}",
        expected=f"at most {size}",
    )


# Task 3.2


@pytest.mark.task("3.2")
def test_a_failing_batch_fails_its_own_callers_only():
    async def fails_on_three(requests: list[int]) -> list[int]:
        if 3 in requests:
            raise RuntimeError("out of memory")
        return requests

    async def main() -> Any:
        batcher = DynamicBatcher(fails_on_three, 2, 10)
        return await outcomes(*(batcher.submit(number) for number in range(6)))

    case = "six requests in batches of 2; the batch of 2 and 3 raises RuntimeError"
    expect_equal(
        play(main(), case),
        [0, 1, RuntimeError, RuntimeError, 4, 5],
        asked="the error goes to the callers of that batch, and the batches after it are served",
        case=case,
    )


@pytest.mark.task("3.2")
@pytest.mark.parametrize("results", [[1], [1, 2, 3]], ids=["too-few", "too-many"])
def test_a_wrong_number_of_results_is_an_error(results: list[int]):
    async def wrong(requests: list[int]) -> list[int]:
        return results if requests[0] == 0 else requests

    async def main() -> Any:
        batcher = DynamicBatcher(wrong, 2, 10)
        return await outcomes(*(batcher.submit(number) for number in range(4)))

    case = f"four requests in batches of 2; for the first batch run_batch returns {len(results)} results"
    expect_equal(
        play(main(), case),
        [WrongCount, WrongCount, 2, 3],
        asked="WrongCount for both callers: nobody can say whose result is missing",
        case=case,
    )


@pytest.mark.task("3.2")
def test_a_batch_that_hangs_is_given_up():
    async def hangs_on_zero(requests: list[int]) -> list[int]:
        await asyncio.sleep(1e6 if 0 in requests else 0.1)
        return requests

    async def main() -> Any:
        batcher = DynamicBatcher(hangs_on_zero, 2, 10, batch_timeout_ms=500)
        got = await outcomes(*(batcher.submit(number) for number in range(4)))
        return got, now()

    case = "four requests in batches of 2; the first batch hangs, batch_timeout_ms 500"
    expect_equal(
        play(main(), case),
        ([TimeoutError, TimeoutError, 2, 3], 0.6),
        asked="TimeoutError for its callers after 500 ms, and the next batch runs: (answers, time at the end)",
        case=case,
    )


@pytest.mark.task("3.2")
def test_a_caller_who_gives_up_leaves_the_queue():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 3, 100)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(2)]
        await asyncio.sleep(0.05)
        callers[0].cancel()
        return await outcomes(*callers, batcher.submit(2))

    case = "requests 0 and 1 at 0 ms; caller 0 gives up at 50 ms, and request 2 comes; max_batch_size 3"
    expect_equal(play(main(), case), [asyncio.CancelledError, 2, 4], asked="the others are answered", case=case)
    expect_equal(
        machine.batches, [[1, 2]], asked="a request whose caller gave up is not computed, and fills no place", case=case
    )


@pytest.mark.task("3.2")
def test_a_caller_who_gives_up_while_running_harms_nobody():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 2, 10)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(3)]
        await asyncio.sleep(0.5)
        callers[0].cancel()
        return await outcomes(*callers)

    case = "requests 0 and 1 run as a batch, 2 waits; caller 0 gives up while the batch runs"
    expect_equal(
        play(main(), case),
        [asyncio.CancelledError, 2, 4],
        asked="its neighbour gets its result, and the batcher goes on",
        case=case,
    )
    expect_equal(machine.batches, [[0, 1], [2]], asked="a running batch is not stopped for one caller", case=case)


@pytest.mark.task("3.2")
def test_a_full_queue_lets_nobody_in():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 4, 100, max_queue=2)
        return await outcomes(*(batcher.submit(number) for number in range(5)))

    case = "five requests at once, max_batch_size 4, max_queue 2"
    expect_equal(play(main(), case), [0, 2, 4, 6, 8], asked="all are answered in the end", case=case)
    expect_equal(
        machine.batches,
        [[0, 1], [2, 3], [4]],
        asked="no more than max_queue requests are in the queue, so no batch takes more",
        case=case,
    )


@pytest.mark.task("3.2")
def test_who_waits_for_room_is_let_in_in_order():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 2, 0, max_queue=2)
        return await outcomes(*(batcher.submit(number) for number in range(7)))

    case = "seven requests at once, batches of 2, max_queue 2"
    expect_equal(play(main(), case), [2 * number for number in range(7)], asked="all are answered", case=case)
    order = [number for batch in machine.batches for number in batch]
    expect_equal(order, list(range(7)), asked="those that wait for room come in first come, first served", case=case)


@pytest.mark.task("3.2")
def test_who_waited_for_room_waits_for_company_from_then_on():
    machine = Machine(seconds=0.01)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 4, 100, max_queue=1)
        return await outcomes(*(batcher.submit(number) for number in range(2)))

    case = "two requests at once, max_batch_size 4, max_wait_ms 100, max_queue 1; a batch takes 10 ms"
    play(main(), case)
    expect_equal(
        machine.started,
        [0.1, 0.2],
        asked="a request's wait counts from when it got its place in the queue: 1 got it at 100 ms",
        case=case,
    )


@pytest.mark.task("3.2")
def test_who_gives_up_makes_room():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 1, 0, max_queue=1)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(4)]
        await asyncio.sleep(0.5)  # 0 runs, 1 is in the queue, 2 and 3 wait for room
        callers[1].cancel()
        callers[2].cancel()
        return await outcomes(*callers), now()

    case = "max_batch_size 1, max_queue 1; request 0 runs, 1 is queued, 2 and 3 wait for room; 1 and 2 give up"
    expect_equal(
        play(main(), case),
        ([0, asyncio.CancelledError, asyncio.CancelledError, 6], 2.0),
        asked="3 gets the room that they leave, and is answered next: (answers, time at the end)",
        case=case,
    )


@pytest.mark.task("3.2")
def test_close_wakes_an_idle_worker():
    async def main() -> Any:
        batcher = DynamicBatcher(Machine(seconds=1.0), 4, 0)
        await batcher.submit(1)
        await asyncio.sleep(4)
        await batcher.close()
        return now()

    case = "one request is answered at 1 s, and nobody is left; close at 5 s"
    expect_equal(play(main(), case), 5.0, asked="close returns at once when no caller is left", case=case)


@pytest.mark.task("3.2")
def test_close_serves_who_is_queued_and_does_not_wait():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 4, 60_000)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(6)]
        await asyncio.sleep(0.5)
        await batcher.close()
        return await outcomes(*callers), now()

    case = "six requests, max_batch_size 4, max_wait_ms 60000; close at 0.5 s while the first four run"
    expect_equal(
        play(main(), case),
        ([0, 2, 4, 6, 8, 10], 2.0),
        asked="close runs the rest at once and returns when all are answered: (answers, time at the end)",
        case=case,
    )


@pytest.mark.task("3.2")
def test_close_serves_who_waits_for_room():
    served: list[int] = []

    async def at_once(requests: list[int]) -> list[int]:
        served.extend(requests)
        return requests

    async def main() -> Any:
        batcher = DynamicBatcher(at_once, 4, 60_000, max_queue=2)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(7)]
        await asyncio.sleep(0.1)
        await batcher.close()
        return await outcomes(*callers)

    case = "seven requests, max_queue 2, max_wait_ms 60000; close at 0.1 s, while five of them wait for room"
    expect_equal(play(main(), case), list(range(7)), asked="a caller inside submit when it closes is served", case=case)


@pytest.mark.task("3.2")
def test_who_gives_up_on_close_harms_nobody():
    async def main() -> Any:
        batcher = DynamicBatcher(Machine(seconds=1.0), 2, 10)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(4)]
        await asyncio.sleep(0.5)
        with suppress(TimeoutError):
            await asyncio.wait_for(batcher.close(), 0.1)
        return await outcomes(*callers)

    case = "four requests in batches of 2 that run for a second; at 0.5 s somebody waits 0.1 s for close, and gives up"
    expect_equal(play(main(), case), [0, 2, 4, 6], asked="the callers are still answered", case=case)


@pytest.mark.task("3.2")
def test_room_is_given_back_once():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 8, 10, max_queue=2)
        return await outcomes(*(batcher.submit(number) for number in range(12)))

    case = "twelve requests at once, max_batch_size 8, max_queue 2"
    play(main(), case)
    expect_true(
        max(map(len, machine.batches)) <= 2,
        asked="a request gives its room back once: the queue never holds more than max_queue, also after some batches",
        case=case,
        got=f"batches of {[len(batch) for batch in machine.batches]}",
        expected="at most 2",
    )


@pytest.mark.task("3.2")
def test_who_gives_up_as_its_batch_gets_full_is_not_computed():
    machine = Machine(seconds=1.0)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 2, 60_000)
        first = asyncio.create_task(batcher.submit(0))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(batcher.submit(1))
        await asyncio.sleep(0)
        first.cancel()
        third = asyncio.create_task(batcher.submit(2))
        return await outcomes(first, second, third)

    case = "request 0 waits, 1 fills the batch of 2, caller 0 gives up in the same moment; then request 2"
    expect_equal(play(main(), case), [asyncio.CancelledError, 2, 4], asked="the others are answered", case=case)
    computed = [number for batch in machine.batches for number in batch]
    expect_equal(sorted(computed), [1, 2], asked="the request of a caller that gave up is not computed", case=case)


@pytest.mark.task("3.2")
def test_a_batch_that_everybody_has_left_holds_up_nobody():
    machine = Machine(seconds=0.25)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 2, 60_000)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(2)]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        callers += [asyncio.create_task(batcher.submit(number)) for number in (2, 3)]
        return await outcomes(*callers)

    case = "requests 0 and 1 fill a batch of 2, and both callers give up in the same moment; then 2 and 3 come"
    gone = asyncio.CancelledError
    expect_equal(play(main(), case), [gone, gone, 4, 6], asked="the others are answered", case=case)
    expect_true(
        machine.batches[-1] == [2, 3] and machine.started[-1] <= 0.25,
        asked="they start at once, or right behind the batch of the other two, if that had begun: a batch takes 250 ms",
        case=case,
        got=f"batches {machine.batches}, started at {machine.started}",
        expected="2 and 3 together, at 0.25 s at the latest",
    )


@pytest.mark.task("3.2")
def test_close_returns_after_the_last_answer():
    async def main() -> Any:
        batcher = DynamicBatcher(Machine(seconds=1.0), 2, 100)
        callers = [asyncio.create_task(batcher.submit(number)) for number in range(4)]
        await asyncio.sleep(0.5)
        await batcher.close()
        return [caller.done() for caller in callers]

    case = "four requests in batches of 2 that run for a second; close at 0.5 s"
    expect_equal(play(main(), case), [True] * 4, asked="when close returns, every caller has its answer", case=case)


@pytest.mark.task("3.2")
def test_after_close_nothing_is_taken():
    machine = Machine()

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 2, 10)
        first = await batcher.submit(1)
        await batcher.close()
        await batcher.close()
        return [first, *await outcomes(batcher.submit(2))]

    case = "a request, close twice, another request"
    expect_equal(play(main(), case), [2, BatcherClosed], asked="BatcherClosed for a call after close", case=case)


@pytest.mark.task("3.2")
def test_close_returns_when_nothing_ever_came():
    async def main() -> Any:
        batcher = DynamicBatcher(Machine(), 2, 10)
        await batcher.close()
        return now()

    case = "close on a batcher that was never used"
    expect_equal(play(main(), case), 0.0, asked="close has nothing to wait for", case=case)


@pytest.mark.task("3.2")
def test_ten_thousand_callers_and_a_bounded_queue():
    machine = Machine(seconds=0.01)

    async def main() -> Any:
        batcher = DynamicBatcher(machine, 64, 5, max_queue=128)
        got = await asyncio.gather(*(batcher.submit(number) for number in range(10_000)))
        await batcher.close()
        return got

    case = "10,000 callers at once, batches of 64, max_queue 128"
    got = play(main(), case)
    wrong = [number for number, result in enumerate(got) if result != 2 * number]
    expect_equal(wrong[:5], [], asked="every caller gets its own result (shown: those without)", case=case)


@pytest.mark.task("3.2")
@given(
    gaps=st.lists(st.integers(0, 60), min_size=1, max_size=20),
    leave=st.dictionaries(st.integers(0, 19), st.integers(0, 300), max_size=8),
    size=st.integers(1, 4),
    queue=st.none() | st.integers(1, 3),
    bad=st.sets(st.integers(0, 19), max_size=3),
)
def test_every_caller_ends_in_one_way(
    gaps: list[int], leave: dict[int, int], size: int, queue: int | None, bad: set[int]
):
    async def machine(requests: list[int]) -> list[int]:
        await asyncio.sleep(0.1)
        if bad & set(requests):
            raise RuntimeError("a bad request")
        return [2 * request for request in requests]

    async def main() -> Any:
        batcher = DynamicBatcher(machine, size, 50, max_queue=queue)
        callers: list[Any] = []

        def gives_up(number: int) -> None:
            if number < len(callers):
                callers[number].cancel()

        for number, milliseconds in leave.items():
            asyncio.get_running_loop().call_later(milliseconds / 1000, gives_up, number)
        await arrive(batcher, gaps, callers)
        got = await outcomes(*callers)
        await batcher.close()
        return got

    case = f"gaps {gaps} ms, leaving {leave} ms, batches of {size}, max_queue {queue}, bad requests {sorted(bad)}"
    for number, got in enumerate(play(main(), case)):
        allowed: Sequence[object] = [2 * number, RuntimeError] if bad else [2 * number]
        allowed = [*allowed, asyncio.CancelledError] if number in leave else allowed
        expect_true(
            got in allowed,
            asked="each caller ends with its own result, its batch's error, or because it gave up",
            case=f"{case}; caller {number}",
            got=f"{got}",
            expected=f"one of {allowed}",
        )


# Task 3.3


@pytest.mark.task("3.3")
def test_images_are_stacked():
    images = [mx.full((2, 3, 1), value) for value in (1.0, 2.0, 3.0)]
    got = collate_images(images)
    expect_equal(tuple(got.shape), (3, 2, 3, 1), asked="(B, H, W, C)", case="three images of shape (2, 3, 1)")
    expect_equal(got[1], images[1], asked="image 1 is row 1", case="three images of shape (2, 3, 1)")


@pytest.mark.task("3.3")
@pytest.mark.parametrize(
    ("shapes", "mentions"),
    [([(2, 2, 3), (2, 4, 3)], ["1"]), ([(2, 2, 3), (2, 2, 1)], ["1"])],
    ids=["width", "channels"],
)
def test_images_of_another_shape_are_an_error(shapes: list[tuple[int, int, int]], mentions: list[str]):
    expect_raises(
        ValueError,
        lambda: collate_images([mx.zeros(shape) for shape in shapes]),
        asked="a ValueError that says which image has another shape: nothing is cut or padded in silence",
        case=f"images of shapes {shapes}",
        mentions=["1"],
    )


@pytest.mark.task("3.3")
def test_the_error_says_which_image_and_both_shapes():
    expect_raises(
        ValueError,
        lambda: collate_images([mx.zeros((5, 6, 3))] * 4 + [mx.zeros((7, 6, 3))]),
        asked="a ValueError that says which image has another shape, its shape, and that of the first",
        case="four images of shape (5, 6, 3), then one of (7, 6, 3)",
        mentions=["4", "5", "7"],
    )


@pytest.mark.task("3.3")
def test_no_image_is_an_error():
    expect_raises(ValueError, lambda: collate_images([]), asked="a ValueError: nothing to collate", case="no image")


TEXTS = [[1, 2, 3], [4], [5, 6, 7, 8, 9], [10, 11]]


@pytest.mark.task("3.3")
def test_texts_go_into_buckets():
    batches = collate_texts(TEXTS, [8, 2, 4], pad_id=0)
    expect_equal(
        [(batch.indices, tuple(batch.tokens.shape)) for batch in batches],
        [([1, 3], (2, 2)), ([0], (1, 4)), ([2], (1, 8))],
        asked="one batch per bucket, by growing size, as wide as the bucket: (indices, shape of tokens)",
        case="texts of 3, 1, 5 and 2 tokens, buckets 8, 2, 4",
    )


@pytest.mark.task("3.3")
def test_texts_are_padded_behind():
    batch = collate_texts(TEXTS, [4, 8], pad_id=-1)[0]
    expect_equal(
        batch.tokens,
        [[1, 2, 3, -1], [4, -1, -1, -1], [10, 11, -1, -1]],
        asked="the text first and pads behind it: these texts are not continued",
        case="texts of 3, 1 and 2 tokens in a bucket of 4, pad_id -1",
    )


@pytest.mark.task("3.3")
def test_the_mask_says_where_text_is():
    batch = collate_texts([[0, 0, 5], [0]], [4], pad_id=0)[0]
    expect_equal(
        batch.mask.astype(mx.int32),
        [[1, 1, 1, 0], [1, 0, 0, 0]],
        asked="True where there is a token, also where that token is the pad's id",
        case="texts [0, 0, 5] and [0] in a bucket of 4, pad_id 0",
    )


@pytest.mark.task("3.3")
def test_a_text_longer_than_every_bucket_is_an_error():
    expect_raises(
        ValueError,
        lambda: collate_texts([[1] * 9], [4, 8], pad_id=0),
        asked="a ValueError: no text is cut",
        case="a text of 9 tokens, buckets 4 and 8",
    )


@pytest.mark.task("3.3")
def test_rows_lie_one_behind_the_other():
    got = collate_sparse([[7, 8], [9], [1, 2, 3]])
    expect_equal(got.values, [7, 8, 9, 1, 2, 3], asked="values: all rows one behind the other", case="rows of 2, 1, 3")
    expect_equal(got.offsets, [0, 2, 3, 6], asked="offsets: where each row begins, and the end", case="rows of 2, 1, 3")


@pytest.mark.task("3.3")
def test_empty_rows_take_no_room():
    got = collate_sparse([[], [4, 5], [], []])
    expect_equal(
        (got.values, got.offsets),
        ([4, 5], [0, 0, 2, 2, 2]),
        asked="(values, offsets): an empty row begins and ends at the same place",
        case="rows of 0, 2, 0 and 0 ids",
    )


@pytest.mark.task("3.3")
def test_nothing_at_all_is_a_batch_too():
    got = collate_sparse([])
    expect_equal(
        (got.values, got.offsets), ([], [0]), asked="(values, offsets): no value, and offsets [0]", case="no row"
    )


@pytest.mark.task("3.3")
@pytest.mark.parametrize("rows", [[[1, 2], [3]], [[], []]], ids=["some", "all-empty"])
def test_ids_and_offsets_are_int32(rows: list[list[int]]):
    got = collate_sparse(rows)
    expect_equal(
        [str(got.values.dtype), str(got.offsets.dtype)],
        ["mlx.core.int32"] * 2,
        asked="(values, offsets) are int32, also where there is no value",
        case=f"rows {rows}",
    )


@pytest.mark.task("3.3")
@given(rows=st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=8))
def test_an_embedding_bag_sums_each_row_as_alone(rows: list[list[int]]):
    table = mx.arange(30, dtype=mx.float32).reshape(10, 3)
    ragged = collate_sparse(rows)
    offsets = ragged.offsets.tolist()
    for index, row in enumerate(rows):
        ids = ragged.values[offsets[index] : offsets[index + 1]]
        expect_equal(
            table[ids].sum(axis=0) if row else mx.zeros(3),
            table[mx.array(row, dtype=mx.int32)].sum(axis=0) if row else mx.zeros(3),
            asked="values[offsets[i]:offsets[i + 1]] is row i",
            case=f"rows {rows}, row {index}",
        )
