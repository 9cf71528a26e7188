"""Day 16 · Scale out: where a request goes, and what becomes of it if that was the wrong place."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch import affinity, balancing
from tiny_batch.affinity import HashRing, PrefixAffinity, room, stored
from tiny_batch.balancing import LeastOutstanding, RoundRobin, TwoChoices
from tiny_batch.board import Board
from tiny_batch.ejection import Ejector
from tiny_batch.reports import Ask, Report, Reports
from tiny_batch.router import NoReplica, RetryBudget, Router
from tiny_batch_kit.grading.expect import expect_close, expect_equal, expect_raises, expect_true


def fleet(*tokens: int, requests: Sequence[int] = (), speeds: Sequence[float] = ()) -> Reports:
    """Replicas a, b, c, … with these tokens to compute; as many requests, unless told; speed 1, unless told."""
    return Reports(
        Report("abcdefghijklmnop"[at], 0.0, requests[at] if requests else each, each, speeds[at] if speeds else 1.0)
        for at, each in enumerate(tokens)
    )


def asks(count: int, tokens: int = 1) -> Iterator[Ask]:
    return (Ask(f"ask {number}", number, tokens) for number in range(count))


def numbers(board: Board) -> dict[str, tuple[int, int]]:
    """What a board shows: (requests, tokens) of each replica."""
    return {report.replica: (report.requests, report.tokens) for report in board.reports}


# Task 16.1


@pytest.mark.task("16.1")
def test_one_after_the_other():
    reports = fleet(9, 0, 5)
    chosen = [RoundRobin().choose(ask, reports, 0.0) for ask in asks(7)]
    expect_equal(
        "".join(chosen), "abcabca", asked="in turn, whatever they have to do", case="a, b and c, seven requests"
    )


@pytest.mark.task("16.1")
def test_the_number_says_whose_turn_it_is():
    policy = RoundRobin()
    twice = [policy.choose(Ask("x", number), fleet(0, 0, 0), 0.0) for number in (4, 2, 4, 2)]
    expect_equal(
        "".join(twice), "bcbc", asked="the same number, the same replica: nothing is counted", case="numbers 4, 2, 4, 2"
    )


@pytest.mark.task("16.1")
def test_one_replica_gets_all():
    chosen = {
        type(policy).__name__: policy.choose(Ask("x", 5), fleet(3), 0.0)
        for policy in (RoundRobin(), LeastOutstanding())
    }
    expect_equal(chosen, dict.fromkeys(chosen, "a"), asked="there is one only", case="one replica, request number 5")


@pytest.mark.task("16.1")
@pytest.mark.parametrize(
    ("tokens", "best"), [((5, 3, 9), "b"), ((3, 5, 9), "a"), ((9, 5, 3), "c")], ids=["middle", "first", "last"]
)
def test_the_least_work(tokens: tuple[int, ...], best: str):
    chosen = LeastOutstanding().choose(Ask("x"), fleet(*tokens), 0.0)
    expect_equal(chosen, best, asked="the one with the fewest tokens to compute", case=f"a, b, c have {tokens}")


@pytest.mark.task("16.1")
def test_work_is_tokens_not_requests():
    chosen = LeastOutstanding().choose(Ask("x"), fleet(900, 60, requests=(1, 6)), 0.0)
    expect_equal(
        chosen, "b", asked="what counts is tokens", case="a: 1 request of 900 tokens; b: 6 requests of 10 each"
    )


@pytest.mark.task("16.1")
def test_a_fast_machine_takes_more():
    chosen = LeastOutstanding().choose(Ask("x", tokens=10), fleet(100, 170, speeds=(1, 2)), 0.0)
    expect_equal(
        chosen,
        "b",
        asked="tokens over speed: 110 / 1 against 180 / 2",
        case="a has 100 tokens, b 170 at twice the speed",
    )


@pytest.mark.task("16.1")
def test_the_request_itself_counts():
    chosen = LeastOutstanding().choose(Ask("x", tokens=100), fleet(0, 50, speeds=(1, 4)), 0.0)
    expect_equal(
        chosen,
        "b",
        asked="the work that each would have with this request: 100 / 1 against 150 / 4",
        case="a is idle at speed 1, b has 50 tokens at speed 4, and the request has 100",
    )


@pytest.mark.task("16.1")
def test_equal_work_goes_to_fewer_requests_then_by_name():
    fewer = LeastOutstanding().choose(Ask("x"), fleet(8, 8, 8, requests=(4, 3, 3)), 0.0)
    expect_equal(
        fewer, "b", asked="of equal work the fewest requests; of these the first name", case="8 tokens each; 4, 3, 3"
    )


@pytest.mark.task("16.1")
def test_an_old_report_is_a_stampede():
    chosen = {LeastOutstanding().choose(ask, fleet(4, 3, 4), 0.0) for ask in asks(20)}
    expect_equal(
        chosen, {"b"}, asked="a function of the reports: the same ones, the same answer", case="20 requests, one report"
    )


# Task 16.2


def board_of(*reports: Report) -> Board:
    board = Board()
    for report in reports:
        board.heard(report)
    return board


@pytest.mark.task("16.2")
def test_what_was_sent_since_counts():
    board = board_of(Report("a", 10.0, 2, 50), Report("b", 10.0, 1, 20))
    board.sent("a", Ask("x", tokens=30), 11.0)
    board.sent("a", Ask("y", tokens=5), 12.0)
    expect_equal(
        numbers(board),
        {"a": (4, 85), "b": (1, 20)},
        asked="(requests, tokens): the report of a, and the two that came later",
        case="reports of 10 s; x with 30 tokens at 11 s and y with 5 at 12 s, both to a",
    )


@pytest.mark.task("16.2")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [(9.0, (2, 50)), (10.0, (2, 50)), (10.001, (3, 80))],
    ids=["before", "at-the-moment", "just-after"],
)
def test_a_report_includes_what_happened_up_to_its_moment(sent: float, shown: tuple[int, int]):
    board = board_of(Report("a", 8.0, 1, 20))
    board.sent("a", Ask("x", tokens=30), sent)
    board.heard(Report("a", 10.0, 2, 50))
    expect_equal(
        numbers(board),
        {"a": shown},
        asked="a report of 10 s includes what was sent by then, and nothing later",
        case=f"x, 30 tokens, sent at {sent} s; then a report of 10 s comes: 2 requests, 50 tokens",
    )


@pytest.mark.task("16.2")
def test_what_has_ended_since_counts_no_more():
    board = board_of(Report("a", 5.0))
    board.sent("a", Ask("x", tokens=30), 6.0)
    board.heard(Report("a", 10.0, 3, 90))
    board.ended("a", "x", 11.0)
    expect_equal(
        numbers(board),
        {"a": (2, 60)},
        asked="x was in the report and is gone",
        case="x, 30 tokens, sent at 6 s; a report of 10 s: 3 requests, 90 tokens; x ends at 11 s",
    )


@pytest.mark.task("16.2")
@pytest.mark.parametrize(
    ("ended", "shown"), [(9.0, (3, 90)), (10.0, (3, 90)), (10.001, (2, 60))], ids=["before", "at-the-moment", "after"]
)
def test_an_old_report_may_come_behind_the_end(ended: float, shown: tuple[int, int]):
    board = board_of(Report("a", 5.0))
    board.sent("a", Ask("x", tokens=30), 6.0)
    board.ended("a", "x", ended)
    board.heard(Report("a", 10.0, 3, 90))
    expect_equal(
        numbers(board),
        {"a": shown},
        asked="a report of 10 s includes x only if x ended later",
        case=f"x, 30 tokens, sent at 6 s, ends at {ended} s; then the report of 10 s comes: 3 requests, 90 tokens",
    )


@pytest.mark.task("16.2")
def test_came_and_went_between_two_reports():
    board = board_of(Report("a", 5.0, 1, 20))
    board.sent("a", Ask("x", tokens=30), 6.0)
    board.ended("a", "x", 7.0)
    expect_equal(
        numbers(board),
        {"a": (1, 20)},
        asked="x was in no report",
        case="a report of 5 s; x is sent at 6 s, ends at 7 s",
    )


@pytest.mark.task("16.2")
def test_what_still_runs_is_in_the_next_report_once():
    board = board_of(Report("a", 5.0))
    board.sent("a", Ask("x", tokens=30), 6.0)
    for taken in (7.0, 8.0, 9.0):
        board.heard(Report("a", taken, 1, 25))
    expect_equal(
        numbers(board), {"a": (1, 25)}, asked="x is in the report already", case="x at 6 s, reports of 7, 8, 9 s"
    )


@pytest.mark.task("16.2")
@pytest.mark.parametrize("taken", [9.0, 10.0], ids=["older", "as-old"])
def test_reports_that_overtake_each_other(taken: float):
    board = board_of(Report("a", 10.0, 2, 50))
    board.sent("a", Ask("x", tokens=1), 11.0)
    board.heard(Report("a", taken, 7, 700))
    expect_equal(
        numbers(board),
        {"a": (3, 51)},
        asked="a report that is no newer than the last is ignored",
        case=f"a report of 10 s, x is sent, then a report of {taken} s comes",
    )


@pytest.mark.task("16.2")
def test_an_end_is_told_twice_or_of_nobody():
    board = board_of(Report("a", 5.0, 3, 90), Report("b", 5.0, 1, 10))
    board.sent("a", Ask("x", tokens=30), 5.0)
    for name, replica, at in (("x", "a", 6.0), ("x", "a", 8.0), ("y", "a", 9.0), ("x", "b", 9.0), ("x", "nobody", 9.0)):
        board.ended(replica, name, at)
    expect_equal(
        numbers(board),
        {"a": (2, 60), "b": (1, 10)},
        asked="an end counts once, and only where the request is",
        case="x is at a; told: x at a, x at a again, y at a, x at b, x nowhere",
    )


@pytest.mark.task("16.2")
def test_its_first_end_counts():
    board = board_of(Report("a", 5.0))
    board.sent("a", Ask("x", tokens=30), 6.0)
    board.ended("a", "x", 7.0)
    board.ended("a", "x", 12.0)
    board.heard(Report("a", 10.0, 1, 10))
    expect_equal(
        numbers(board),
        {"a": (1, 10)},
        asked="x had ended when the report was taken",
        case="x is sent at 6 s, ends at 7 s, and once more at 12 s; then a report of 10 s comes",
    )


@pytest.mark.task("16.2")
def test_never_below_nothing():
    board = board_of(Report("a", 5.0))
    board.sent("a", Ask("x", tokens=30), 5.0)
    board.ended("a", "x", 6.0)
    expect_equal(
        numbers(board),
        {"a": (0, 0)},
        asked="a request on its way is in no report, and can't be less than nothing",
        case="a report of 5 s with nothing; x is sent at 5 s, and ends at 6 s",
    )


@pytest.mark.task("16.2")
def test_the_same_id_at_two_replicas():
    board = board_of(Report("a", 5.0, 1, 1), Report("b", 5.0, 1, 1))
    board.sent("a", Ask("x", tokens=30), 6.0)
    board.ended("a", "x", 7.0)
    board.sent("b", Ask("x", tokens=30), 7.0)
    expect_equal(
        numbers(board), {"a": (1, 1), "b": (2, 31)}, asked="where it is now", case="x fails at a, and is sent to b"
    )


@pytest.mark.task("16.2")
@settings(max_examples=40)
@given(st.data())
def test_with_no_delay_a_board_is_never_wrong(data: st.DataObject):
    """The only router, reports without delay: whatever the moments, the board shows what is there."""
    board, there, now, names = board_of(Report("a", 0.0), Report("b", 0.0)), dict[str, tuple[str, int]](), 0.0, 0
    story = []
    for _ in range(data.draw(st.integers(1, 15))):
        now += data.draw(st.integers(1, 3))
        what = data.draw(st.sampled_from(["send", "end", "report"]))
        replica = data.draw(st.sampled_from("ab"))
        story.append(f"{now:g} {what} {replica}")
        if what == "send":
            names += 1
            there[f"x{names}"] = (replica, data.draw(st.integers(1, 50)))
            board.sent(replica, Ask(f"x{names}", tokens=there[f"x{names}"][1]), now)
        elif what == "end" and there:
            name = data.draw(st.sampled_from(sorted(there)))
            board.ended(there.pop(name)[0], name, now)
        elif what == "report":
            mine = [tokens for where, tokens in there.values() if where == replica]
            board.heard(Report(replica, now, len(mine), sum(mine)))
    truth = {
        replica: (
            sum(where == replica for where, _ in there.values()),
            sum(tokens for where, tokens in there.values() if where == replica),
        )
        for replica in "ab"
    }
    expect_equal(numbers(board), truth, asked="(requests, tokens) that are really there", case="; ".join(story))


# Task 16.3


@pytest.mark.task("16.3")
def test_two_different_ones():
    reports = fleet(0, 0, 0, 0)
    pairs = [TwoChoices().pair(ask, reports) for ask in asks(200)]
    same = [f"{first.replica}{second.replica}" for first, second in pairs if first.replica == second.replica]
    expect_equal(same, [], asked="the two are different replicas", case="200 requests, four replicas")


@pytest.mark.task("16.3")
def test_all_pairs_are_as_likely():
    reports, count = fleet(0, 0, 0, 0, 0), 6000
    found = Counter(
        first.replica + second.replica for first, second in (TwoChoices(3).pair(ask, reports) for ask in asks(count))
    )
    expect_true(
        len(found) == 20 and min(found.values()) > 210 and max(found.values()) < 390,
        asked="all pairs are as likely, in either order",
        case=f"{count} requests, five replicas: 20 ordered pairs, each some 300 times",
        got=str(dict(found.most_common())),
        expected="each from 210 to 390 times",
    )


@pytest.mark.task("16.3")
def test_a_pair_depends_on_seed_and_id_alone():
    idle, busy = fleet(0, 0, 0, 0, 0, 0), fleet(5, 9, 2, 7, 7, 1)

    def drawn(seed: int, reports: Reports, number: int) -> list[str]:
        policy = TwoChoices(seed)
        return ["".join(each.replica for each in policy.pair(Ask(f"{n}", number + n), reports)) for n in range(12)]

    expect_equal(
        drawn(1, busy, 7),
        drawn(1, idle, 0),
        asked="the same pairs, whatever the loads and the numbers",
        case="twelve requests with seed 1, twice: loads and numbers differ",
    )
    expect_true(
        drawn(1, idle, 0) != drawn(2, idle, 0),
        asked="another seed draws other pairs: each router has its own",
        case="twelve requests, six replicas, seeds 1 and 2",
        got="the same twelve pairs",
        expected="others",
    )


@pytest.mark.task("16.3")
def test_drawn_alike_in_every_process():
    here = ",".join(TwoChoices(4).choose(ask, fleet(0, 0, 0, 0, 0), 0.0) for ask in asks(12))
    code = (
        "from tiny_batch_kit.course import implementations\n"
        f"implementations.install({str(Path(balancing.__file__).parent)!r})\n"
        "from tiny_batch.balancing import TwoChoices\n"
        "from tiny_batch.reports import Ask, Report, Reports\n"
        "reports = Reports(Report(name) for name in 'abcde')\n"
        "print(','.join(TwoChoices(4).choose(Ask(f'ask {n}', n), reports, 0.0) for n in range(12)))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONHASHSEED": "7"}
    )
    expect_equal(
        there.stdout.strip() or there.stderr[-300:],
        here,
        asked="the same choice in another process: Python's own hash of a string differs from run to run",
        case="twelve requests, five replicas, seed 4",
    )


@pytest.mark.task("16.3")
@pytest.mark.parametrize("worst", [0, 1, 2], ids=["a", "b", "c"])
def test_the_busiest_is_never_chosen(worst: int):
    reports = fleet(*(90 if place == worst else 5 + place for place in range(3)))
    chosen = Counter(TwoChoices().choose(ask, reports, 0.0) for ask in asks(300))
    expect_true(
        chosen["abc"[worst]] == 0 and len(chosen) == 2,
        asked="of two different replicas the one with less work: never the busiest, and not always the idlest",
        case=f"300 requests; the tokens of a, b and c are {[report.tokens for report in reports]}",
        got=str(dict(chosen)),
        expected="the two others",
    )


@pytest.mark.task("16.3")
def test_both_choices_count_the_speed_and_the_request():
    chosen = {
        "a fast one": {TwoChoices().choose(ask, fleet(100, 170, speeds=(1, 2)), 0.0) for ask in asks(30, tokens=10)},
        "the request": {TwoChoices().choose(ask, fleet(0, 50, speeds=(1, 4)), 0.0) for ask in asks(30, tokens=100)},
    }
    expect_equal(
        chosen,
        {"a fast one": {"b"}, "the request": {"b"}},
        asked="work with this request: 110 / 1 against 180 / 2, and 100 / 1 against 150 / 4",
        case="two replicas: (100, 170) tokens at speeds (1, 2); then (0, 50) at (1, 4), and a request of 100",
    )


@pytest.mark.task("16.3")
def test_equal_ones_are_shared():
    policy, reports = TwoChoices(), fleet(7, 7, requests=(3, 1))
    wrong = [ask.id for ask in asks(60) if policy.choose(ask, reports, 0.0) != policy.pair(ask, reports)[0].replica]
    expect_equal(wrong, [], asked="of equal work the first of the pair", case="two replicas with 7 tokens each")


@pytest.mark.task("16.3")
def test_one_replica_is_both():
    reports = fleet(7)
    found = TwoChoices().pair(Ask("x"), reports), TwoChoices().choose(Ask("x"), reports, 0.0)
    expect_equal(
        ([each.replica for each in found[0]], found[1]), (["a", "a"], "a"), asked="it is both", case="one replica"
    )


@pytest.mark.task("16.3")
@pytest.mark.parametrize("aged", [0, 1], ids=["a-is-old", "b-is-old"])
def test_old_reports_say_nothing(aged: int):
    reports = Reports(
        Report(name, 20.0 if place == aged else 90.0, 1, 1 if name == "b" else 50) for place, name in enumerate("ab")
    )
    policy = TwoChoices(max_age=30.0)
    first = [policy.pair(ask, reports)[0].replica for ask in asks(40)]
    at_limit = [policy.choose(ask, reports, 50.0) for ask in asks(40)]
    beyond = [policy.choose(ask, reports, 50.001) for ask in asks(40)]
    expect_equal(
        (set(at_limit), beyond),
        ({"b"}, first),
        asked="(at exactly max_age it is believed: b has less; older: the first of each pair)",
        case=f"max_age 30 s; the report of {'ab'[aged]} is of 20 s; asked at 50 s and at 50.001 s",
    )


@pytest.mark.task("16.3")
def test_it_looks_at_two_reports():
    class Counting(Reports):
        looked = 0

        def __getitem__(self, place: Any) -> Any:
            Counting.looked += 1
            return super().__getitem__(place)

        def __iter__(self) -> Iterator[Report]:
            for place in range(len(self)):
                yield self[place]

    reports = Counting(Report(f"r{number:04}") for number in range(1000))
    Counting.looked = 0
    for ask in asks(10):
        TwoChoices().choose(ask, reports, 0.0)
    expect_true(
        Counting.looked <= 40,
        asked="it looks at two reports, however many there are",
        case="ten requests, a thousand replicas",
        got=f"{Counting.looked} reports were read",
        expected="two for each, 40 in all at most",
    )


# Task 16.4


def ring_of(names: Sequence[str], points: int = 32) -> HashRing:
    ring = HashRing(points)
    ring.add(names)
    return ring


KEYS = [f"key {number}".encode() for number in range(400)]


@pytest.mark.task("16.4")
def test_once_around_the_ring():
    wrong = [key for key in KEYS[:40] if sorted(ring_of("abcde").walk(key)) != list("abcde")]
    expect_equal(wrong, [], asked="every replica, each once", case="40 keys, five replicas with 32 points each")


@pytest.mark.task("16.4")
def test_the_order_is_that_of_the_places():
    ring, names = ring_of("abc", points=3), "abc"
    key = b"somewhere"
    places = sorted((affinity.place_of(f"{name}/{point}".encode()), name) for name in names for point in range(3))
    start = affinity.place_of(key)
    turned = [name for place, name in places if place > start] + [name for place, name in places if place <= start]
    expect_equal(
        list(ring.walk(key)),
        list(dict.fromkeys(turned)),
        asked="the replicas whose points follow the key's place, in this order; after the last comes the first",
        case="a, b and c with the points name/0, name/1, name/2",
    )


@pytest.mark.task("16.4")
def test_a_key_behind_the_last_point_wraps_around():
    ring = ring_of("ab", points=1)
    first = min("ab", key=lambda name: affinity.place_of(f"{name}/0".encode()))
    last = max(affinity.place_of(f"{name}/0".encode()) for name in "ab")
    key = next(key for key in (f"{n}".encode() for n in range(10_000)) if affinity.place_of(key) > last)
    expect_equal(
        next(ring.walk(key)), first, asked="after the last point comes the first", case="two points, a key after both"
    )


@pytest.mark.task("16.4")
def test_keys_are_spread():
    ring = ring_of("abcd", points=64)
    homes = Counter(next(ring.walk(key)) for key in KEYS)
    expect_true(
        len(homes) == 4 and min(homes.values()) >= 40,
        asked="with many points each, all get a part of the keys",
        case="400 keys, four replicas with 64 points each",
        got=str(dict(homes)),
        expected="at least 40 each",
    )


@pytest.mark.task("16.4")
def test_who_comes_takes_keys_and_moves_no_others():
    before, after = ring_of("abcd"), ring_of("abcd")
    after.add(["e"])
    moved = {key: next(after.walk(key)) for key in KEYS if next(before.walk(key)) != next(after.walk(key))}
    expect_equal(
        set(moved.values()), {"e"}, asked="keys move to the new one only", case="a to d; then e comes; 400 keys"
    )
    expect_true(
        len(moved) < 160,
        asked="about a fifth of the keys move",
        case="e is the fifth; 400 keys",
        got=f"{len(moved)} moved",
        expected="some 80, 160 at most",
    )


@pytest.mark.task("16.4")
def test_added_twice_or_in_another_order():
    one, other = ring_of("abc"), HashRing(32)
    for names in ("c", "ba", "ab"):
        other.add(names)
    wrong = [key for key in KEYS[:60] if list(one.walk(key)) != list(other.walk(key))]
    expect_equal(wrong, [], asked="a place depends on the name alone", case="abc at once; c, then ba, then ab again")


@pytest.mark.task("16.4")
@pytest.mark.parametrize(
    ("requests", "fits"), [(3, True), (4, False)], ids=["one-less-than-its-share-allows", "all-that-it-may"]
)
def test_room_up_to_the_bound(requests: int, fits: bool):
    reports = fleet(requests, 11 - requests, 0, 0)
    got = room(reports[0], reports, 1.25)
    expect_equal(
        got,
        fits,
        asked="1.25 × 12 / 4 = 3.75, so 4 at most, the new one included",
        case=f"four replicas with 11 requests in all; a has {requests}",
    )


@pytest.mark.task("16.4")
def test_a_share_that_is_whole_is_not_rounded_up():
    found = [room(fleet(a, 7 - a)[0], fleet(a, 7 - a), 1.0) for a in (3, 4)]
    expect_equal(
        found, [True, False], asked="8 / 2 = 4 at most", case="two replicas, factor 1, 7 requests; a has 3, then 4"
    )


@pytest.mark.task("16.4")
def test_the_new_one_is_one_of_all():
    level, idle = fleet(4, 4), fleet(0, 0)
    expect_equal(
        (room(level[0], level, 1.0), room(idle[1], idle, 1.0)),
        (True, True),
        asked="with the new one there are 9 requests, 4.5 for each, so 5 at most; and 1 in an idle fleet",
        case="two replicas, factor 1: 4 requests each; then none",
    )


@pytest.mark.task("16.4")
def test_a_fast_machine_has_a_larger_share():
    def fits(a: int, b: int) -> tuple[bool, bool]:
        reports = fleet(a, b, speeds=(3, 1))
        return room(reports[0], reports, 1.0), room(reports[1], reports, 1.0)

    expect_equal(
        (fits(5, 2), fits(6, 1)),
        ((True, False), (False, True)),
        asked="(of a, of b): a may have 6 of 8, b 2",
        case="speeds 3 and 1, factor 1; 7 requests: (5, 2), then (6, 1)",
    )


@pytest.mark.task("16.4")
def test_without_a_bound_there_is_always_room():
    reports = fleet(1000, 0)
    expect_equal(room(reports[0], reports, inf), True, asked="infinity: all have room", case="a has all 1000 requests")


@pytest.mark.task("16.4")
@settings(max_examples=40)
@given(
    loads=st.lists(st.integers(0, 30), min_size=1, max_size=9),
    speeds=st.lists(st.sampled_from([0.1, 0.3, 1.0, 1.7, 3.0]), min_size=9, max_size=9),
    factor=st.sampled_from([1.0, 1.05, 1.25, 2.0]),
)
def test_somebody_always_has_room(loads: list[int], speeds: list[float], factor: float):
    reports = fleet(*loads, speeds=speeds[: len(loads)])
    chosen = PrefixAffinity(factor, points=4).choose(Ask("x", prefix=(b"p",)), reports, 0.0)
    report = reports.of(chosen)
    assert report is not None
    total, speed = sum(loads) + 1, sum(map(Fraction, speeds[: len(loads)]))
    bound = Fraction(factor) * total * Fraction(report.speed) / speed
    expect_true(
        report.requests < bound + Fraction(1, 10**6),
        asked="one is chosen, and with the request it has at most its share, rounded up",
        case=f"requests {loads}, speeds {speeds[: len(loads)]}, factor {factor}",
        got=f"{chosen}: {report.requests} and the new one",
        expected=f"at most {float(bound):.3f}, rounded up",
    )


@pytest.mark.task("16.4")
@pytest.mark.parametrize(
    ("blocks", "key"), [(1, b"0"), (2, b"1"), (3, b"2"), (4, b"2"), (9, b"2")], ids=["1", "2", "3", "4", "9"]
)
def test_what_makes_prompts_alike(blocks: int, key: bytes):
    prefix = tuple(f"{number}".encode() for number in range(blocks))
    expect_equal(
        PrefixAffinity(depth=3).key(Ask("x", prefix=prefix)),
        key,
        asked="the name of the third block, or of the last one if there are fewer",
        case=f"depth 3; blocks {[name.decode() for name in prefix]}",
    )


@pytest.mark.task("16.4")
def test_no_whole_block_is_like_no_other():
    policy = PrefixAffinity()
    homes = {policy.choose(ask, fleet(0, 0, 0, 0, 0, 0), 0.0) for ask in asks(60)}
    expect_equal(
        (policy.key(Ask("frage ü")), len(homes)),
        ("frage ü".encode(), 6),
        asked="(its id in UTF-8; so they are spread over all six)",
        case="prompts without a whole block",
    )


@pytest.mark.task("16.4")
def test_alike_prompts_meet():
    policy, reports = PrefixAffinity(depth=2), fleet(0, 0, 0, 0, 0)
    homes = {
        name: {
            policy.choose(Ask(f"{n}", n, prefix=(b"system", name, f"{n}".encode())), reports, 0.0) for n in range(20)
        }
        for name in (b"one", b"two", b"three", b"four", b"five", b"six", b"seven")
    }
    expect_true(
        all(len(home) == 1 for home in homes.values()) and len(set.union(*homes.values())) > 1,
        asked="prompts that are alike in their first two blocks go to one replica; others elsewhere",
        case="seven beginnings, twenty prompts each, five idle replicas",
        got=str({name.decode(): sorted(home) for name, home in homes.items()}),
        expected="one replica each, and not the same for all",
    )


def home_and_next(count: int = 4) -> list[str]:
    """The way around the ring of a PrefixAffinity from the prefix (b"hot",)."""
    return list(ring_of("abcdefgh"[:count], points=64).walk(b"hot"))


def loaded(most: dict[str, int], count: int = 4) -> Reports:
    return Reports(Report(name, 0.0, most.get(name, 1), most.get(name, 1)) for name in "abcdefgh"[:count])


HOT = Ask("x", prefix=(b"hot",))


@pytest.mark.task("16.4")
def test_a_hot_prefix_goes_on_to_the_next():
    way = home_and_next()
    found = [PrefixAffinity(1.25).choose(HOT, loaded(dict.fromkeys(way[:full], 9)), 0.0) for full in (0, 1, 2)]
    expect_equal(
        found, way[:3], asked="the first on the way that has room", case=f"the way is {way}; none, one, two are full"
    )


@pytest.mark.task("16.4")
def test_without_a_bound_a_hot_prefix_stays():
    way = home_and_next()
    chosen = PrefixAffinity(inf).choose(HOT, loaded({way[0]: 900}), 0.0)
    expect_equal(chosen, way[0], asked="infinity: always the first on the way", case=f"{way[0]} has 900 requests")


@pytest.mark.task("16.4")
def test_who_is_not_in_the_reports_is_passed_over():
    way, policy = home_and_next(), PrefixAffinity(1.25)
    all_of_them = loaded({})
    found = [
        policy.choose(HOT, reports, 0.0)
        for reports in (all_of_them, all_of_them.without({way[0]}), all_of_them.without(set(way[:2])), all_of_them)
    ]
    expect_equal(
        found,
        [way[0], way[1], way[2], way[0]],
        asked="an ejected replica is passed over, and gets its keys back when it returns",
        case=f"the way is {way}; reports of all, without the first, without the first two, of all",
    )


@pytest.mark.task("16.4")
@pytest.mark.parametrize(
    ("names", "count"),
    [((b"x", b"y", b"z"), 3), ((b"x", b"y"), 2), ((b"x", b"z"), 1), ((b"y", b"z"), 0), ((), 0)],
    ids=["all", "two", "a-gap", "not-the-first", "none"],
)
def test_blocks_behind_a_missing_one_are_no_use(names: tuple[bytes, ...], count: int):
    got = stored(Ask("a", prefix=(b"x", b"y", b"z")), Report("r", prefixes=frozenset(names)))
    expect_equal(
        got, count, asked="blocks from the first on", case=f"prompt x y z; stored {[n.decode() for n in names]}"
    )


def with_stores(way: Sequence[str], stores: dict[int, int], full: int = 0) -> Reports:
    """Replicas of which those at these places of the way have stored so many blocks; the first `full` have no room."""
    prefix = tuple(f"{number}".encode() for number in range(4))
    return Reports(
        Report(name, 0.0, 9 if at < full else 1, 1, 1.0, frozenset(prefix[: stores.get(at, 0)]))
        for at, name in enumerate(way)
    )


@pytest.mark.task("16.4")
@pytest.mark.parametrize(
    ("look", "stores", "full", "place"),
    [
        (1, {1: 4}, 0, 0),
        (2, {1: 1, 2: 4}, 0, 1),
        (3, {1: 1, 2: 4}, 0, 2),
        (3, {1: 2, 2: 2}, 0, 1),
        (3, {}, 0, 0),
        (2, {0: 4, 2: 3, 3: 4}, 1, 2),
        (9, {3: 1}, 0, 3),
    ],
    ids=["look-1", "look-2", "look-3", "equal", "nobody-has-it", "the-full-do-not-count", "more-than-there-are"],
)
def test_stores_decide_between_the_first_with_room(look: int, stores: dict[int, int], full: int, place: int):
    prefix = tuple(f"{number}".encode() for number in range(4))
    way = list(ring_of("abcd", points=64).walk(prefix[-1]))
    chosen = PrefixAffinity(1.25, look=look).choose(Ask("x", prefix=prefix), with_stores(way, stores, full), 0.0)
    expect_equal(
        chosen,
        way[place],
        asked="of the first `look` on the way that have room, the one with the most of the prompt's blocks",
        case=f"look {look}, the way is {way}, blocks stored by place {stores}, the first {full} have no room",
    )


# Task 16.5


def ejector(replicas: str = "abcdefghij", **options: Any) -> Ejector:
    made = Ejector(
        **{"failures": 3, "slow": 4.0, "least": 2, "base": 10.0, "longest": 35.0, "max_share": 0.25, **options}
    )
    made.join(replicas)
    return made


def fail(made: Ejector, replica: str, times: int = 3, now: float = 0.0) -> Ejector:
    for _ in range(times):
        made.failed(replica, now)
    return made


@pytest.mark.task("16.5")
@pytest.mark.parametrize(("times", "out"), [(2, set()), (3, {"b"})], ids=["one-less", "as-many"])
def test_failures_in_a_row(times: int, out: set[str]):
    expect_equal(fail(ejector(), "b", times).out, out, asked="who is ejected", case=f"b fails {times} times; 3 eject")


@pytest.mark.task("16.5")
def test_a_success_begins_anew():
    made = fail(ejector(), "b", 2)
    made.succeeded("b", 0.1, 1.0)
    fail(made, "b", 2)
    fail(made, "c", 1)
    expect_equal(made.out, set(), asked="in a row, at one replica", case="b fails twice, succeeds, fails twice; c once")


@pytest.mark.task("16.5")
@pytest.mark.parametrize(
    ("replicas", "share", "most"),
    [("abcdefgh", 0.25, 2), ("abcdefg", 0.25, 1), ("abc", 0.25, 0), ("ab", 0.5, 1), ("abcd", 1.0, 4), ("abcd", 0.0, 0)],
    ids=["2-of-8", "1-of-7", "0-of-3", "1-of-2", "all", "none"],
)
def test_never_more_than_a_share(replicas: str, share: float, most: int):
    made = ejector(replicas, max_share=share)
    for replica in replicas:
        fail(made, replica, 5)
    expect_equal(
        len(made.out), most, asked=f"at most {share:g} of {len(replicas)}, rounded down", case="all of them fail"
    )


@pytest.mark.task("16.5")
def test_the_next_failure_asks_again():
    made = ejector("abcd")
    fail(made, "a")
    fail(made, "b", 4)
    before = set(made.out)
    made.probe(10.0)
    made.succeeded("a", 0.1, 10.5)
    after = set(made.out)
    made.failed("b", 11.0)
    expect_equal(
        (before, after, set(made.out)),
        ({"a"}, set(), {"b"}),
        asked="(which are out: with a, when a is back, after b's next failure)",
        case="one of four may be out; a fails 3 times and b 4; a comes back; b fails again",
    )


@pytest.mark.task("16.5")
@pytest.mark.parametrize(("now", "who"), [(14.999, None), (15.0, "b")], ids=["too-early", "in-time"])
def test_a_probe_when_its_time_is_over(now: float, who: str | None):
    made = fail(ejector(), "b", now=5.0)
    expect_equal(
        (made.probe(now), made.out),
        (who, {"b"}),
        asked="(which to probe; which are out)",
        case=f"b is out at 5 s; at {now} s",
    )


@pytest.mark.task("16.5")
def test_nobody_to_probe():
    expect_equal(ejector().probe(99.0), None, asked="none is ejected", case="ten replicas, all well")


@pytest.mark.task("16.5")
def test_one_probe_at_a_time():
    made = fail(ejector(), "b")
    found = [made.probe(20.0), made.probe(20.0), made.probe(400.0)]
    made.spared("b")
    expect_equal(
        [*found, made.probe(401.0)],
        ["b", None, None, "b"],
        asked="one request shows how it does; another one only if that came to no end",
        case="b is out; asked three times; the caller of the probe leaves; asked again",
    )


@pytest.mark.task("16.5")
def test_who_waited_longest_is_probed_first():
    made = ejector()
    fail(made, "c", now=3.0)
    fail(made, "b", now=4.0)
    later = [made.probe(60.0), made.probe(60.0), made.probe(60.0)]
    same = ejector()
    fail(same, "d", now=1.0)
    fail(same, "a", now=1.0)
    expect_equal(
        (later, [same.probe(60.0), same.probe(60.0)]),
        (["c", "b", None], ["a", "d"]),
        asked="the one whose time was over first; of equal ones by name",
        case="c is out at 3 s, b at 4 s; d and then a at 1 s",
    )


@pytest.mark.task("16.5")
def test_a_good_probe_brings_it_back():
    made = fail(ejector(), "b")
    made.probe(10.0)
    made.succeeded("b", 0.1, 11.0)
    back = set(made.out)
    fail(made, "b", 2, now=12.0)
    still = set(made.out)
    made.failed("b", 13.0)
    expect_equal(
        (back, still, made.out, made.probe(22.999), made.probe(23.0)),
        (set(), set(), {"b"}, None, "b"),
        asked="(back; 2 failures; 3: out; its time is `base` again: not yet; now)",
        case="b is probed well at 11 s; fails at 12, 12 and 13 s",
    )


@pytest.mark.task("16.5")
def test_a_bad_probe_doubles_its_time():
    made, found, now = fail(ejector(), "b"), [], 0.0
    for seconds in (10.0, 20.0, 35.0, 35.0):
        early, due = made.probe(now + seconds - 0.001), made.probe(now + seconds)
        found.append((early, due))
        now += seconds
        made.failed("b", now)
    expect_equal(
        (found, made.out),
        ([(None, "b")] * 4, {"b"}),
        asked="out for 10 s, 20 s, and then 35 s, the longest",
        case="base 10 s, longest 35 s; each probe fails at once",
    )


@pytest.mark.task("16.5")
def test_dead_for_weeks():
    made, now = fail(ejector(longest=300.0), "b"), 0.0
    for _ in range(3000):
        now += 300.0
        made.probe(now)
        made.failed("b", now)
    expect_equal(
        (made.probe(now + 299.0), made.probe(now + 300.0)),
        (None, "b"),
        asked="probed every 300 s for as long as it takes: 2 to the 3000th is no number of seconds",
        case="3000 probes fail",
    )


@pytest.mark.task("16.5")
@pytest.mark.parametrize("well", [True, False], ids=["well", "badly"])
def test_what_was_sent_before_says_nothing(well: bool):
    made = fail(ejector(), "b", now=0.0)
    if well:
        made.succeeded("b", 0.1, 1.0)
    else:
        fail(made, "b", 5, now=9.0)
    expect_equal(
        (made.out, made.probe(9.999), made.probe(10.0)),
        ({"b"}, None, "b"),
        asked="only its probe counts: its time goes on as it was",
        case=f"b is out at 0 s; a request that was there before ends {'well at 1' if well else 'badly at 9'} s",
    )


def paced(paces: dict[str, Sequence[float]], **options: Any) -> Ejector:
    made = ejector("".join(paces), **options)
    for replica, each in paces.items():
        for pace in each:
            made.succeeded(replica, pace, 0.0)
    return made


@pytest.mark.task("16.5")
@pytest.mark.parametrize(("pace", "out"), [(4.0, set()), (4.01, {"a"})], ids=["as-slow-as-allowed", "slower"])
def test_slower_than_the_median_allows(pace: float, out: set[str]):
    made = paced({"a": [pace] * 2, **{name: [1.0] * 2 for name in "bcde"}})
    before = set(made.out)
    made.sweep(0.0)
    expect_equal(
        (before, made.out), (set(), out), asked="more than 4 times the median, 1", case=f"a needs {pace}, the others 1"
    )


@pytest.mark.task("16.5")
@pytest.mark.parametrize(("count", "out"), [(2, set()), (3, {"a"})], ids=["too-few", "enough"])
def test_a_pace_counts_after_some_requests(count: int, out: set[str]):
    made = paced({"a": [9.0] * count, **{name: [1.0] * 3 for name in "bcd"}}, least=3)
    made.sweep(0.0)
    expect_equal(
        made.out, out, asked="paces of at least 3 requests count", case=f"a needs 9, {count} times; the others 1"
    )


@pytest.mark.task("16.5")
def test_too_few_have_no_median():
    made = paced({"a": [9.0], "b": [1.0], "c": [1.0], "d": [1.0]})
    made.sweep(0.0)
    expect_equal(made.out, set(), asked="none has been seen often enough", case="one request each, two are wanted")


@pytest.mark.task("16.5")
def test_the_slowest_goes_first():
    slow = {"b": [9.0] * 2, "a": [7.0] * 2, "c": [9.0] * 2, "d": [8.0] * 2}
    made = paced({**slow, **{name: [1.0] * 2 for name in "efghijkl"}})
    made.sweep(0.0)
    less = paced({**slow, **{name: [1.0] * 2 for name in "efghijkl"}}, max_share=0.1)
    less.sweep(0.0)
    expect_equal(
        (made.out, less.out),
        ({"b", "c", "d"}, {"b"}),
        asked="(3 of 12 may be out; 1 of 12): the slowest first, equal ones by name",
        case="a needs 7, b 9, c 9, d 8, eight others 1",
    )


@pytest.mark.task("16.5")
def test_the_pace_is_a_mean_and_then_moves_by_fifths():
    made = paced({"a": [2.0, 6.0], "b": [1.0] * 2, "c": [1.0] * 2, "d": [1.0] * 2}, slow=3.9)
    at_mean = made.usual()
    made.sweep(0.0)
    first = set(made.out)  # 4 > 3.9
    moved = paced({"a": [2.0, 6.0, 3.0], "b": [1.0] * 2, "c": [1.0] * 2, "d": [1.0] * 2}, slow=3.81)
    moved.sweep(0.0)
    above = set(moved.out)  # 0.2 × 3 + 0.8 × 4 = 3.8
    under = paced({"a": [2.0, 6.0, 3.0], "b": [1.0] * 2, "c": [1.0] * 2, "d": [1.0] * 2}, slow=3.79)
    under.sweep(0.0)
    expect_equal(
        (at_mean, first, above, under.out),
        (1.0, {"a"}, set(), {"a"}),
        asked="(median; mean of 2 and 6 is 4, above 3.9; then 0.2 × 3 + 0.8 × 4 = 3.8: not above 3.81; above 3.79)",
        case="a needs 2, 6 and then 3; the others 1; two requests make a mean",
    )


@pytest.mark.task("16.5")
def test_a_slow_probe_is_out_again():
    paces = {"a": [9.0] * 2, **{name: [1.0] * 2 for name in "bcde"}}
    found = []
    for pace in (4.0, 4.01):
        made = paced(paces)
        made.sweep(0.0)
        made.probe(10.0)
        made.succeeded("a", pace, 15.0)
        found.append((set(made.out), made.probe(34.999), made.probe(35.0)))
    expect_equal(
        found,
        [(set(), None, None), ({"a"}, None, "a")],
        asked="(which are out; which to probe): the probe's own pace counts, not the old one; above 4: out for 20 s",
        case="a is out for being slow; its probe, ended at 15 s, needs 4, and in another run 4.01",
    )


@pytest.mark.task("16.5")
def test_its_old_pace_is_forgotten():
    made = paced({"a": [9.0] * 2, **{name: [1.0] * 2 for name in "bcde"}})
    made.sweep(0.0)
    made.probe(10.0)
    made.succeeded("a", 1.0, 11.0)
    made.sweep(12.0)
    for _ in range(2):
        made.succeeded("a", 1.0, 13.0)
    made.sweep(14.0)
    expect_equal(
        made.out, set(), asked="it is well, and its old pace counts for nothing", case="a was slow, then is as others"
    )


@pytest.mark.task("16.5")
def test_paces_of_the_ejected_are_no_measure():
    made = paced({**{name: [9.0] * 2 for name in "ab"}, **{name: [1.0] * 2 for name in "cde"}}, max_share=0.4)
    made.sweep(0.0)
    both = set(made.out)
    expect_equal((both, made.usual()), ({"a", "b"}, 1.0), asked="(out, median of the others)", case="9, 9, 1, 1, 1")


# Task 16.6


@pytest.mark.task("16.6")
@pytest.mark.parametrize(("requests", "granted"), [(9, False), (10, True)], ids=["one-less", "as-many"])
def test_ten_requests_pay_for_a_retry(requests: int, granted: bool):
    budget = RetryBudget(share=0.1, most=1)
    emptied = budget.take(), budget.take()
    for _ in range(requests):
        budget.asked()
    expect_equal(
        (emptied, budget.take()),
        ((True, False), granted),
        asked="(full at first: one retry; then whether there is one)",
        case=f"a tenth of a retry for each request, room for one; it is emptied, then {requests} requests come",
    )


@pytest.mark.task("16.6")
def test_a_purse_holds_no_more_than_it_can():
    budget = RetryBudget(share=0.5, most=3)
    for _ in range(100):
        budget.asked()
    taken = [budget.take() for _ in range(5)]
    expect_equal(taken, [True] * 3 + [False] * 2, asked="at most 3", case="100 requests, each pays half a retry")


@pytest.mark.task("16.6")
def test_a_refused_retry_costs_nothing():
    budget = RetryBudget(share=0.5, most=1)
    budget.take()
    budget.asked()
    refused = [budget.take() for _ in range(3)]
    budget.asked()
    expect_equal(
        (refused, budget.take()), ([False] * 3, True), asked="half a retry stays", case="half is in; refused; half"
    )


@pytest.mark.task("16.6")
@settings(max_examples=40)
@given(
    story=st.lists(st.booleans(), max_size=300),
    share=st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]),
    most=st.sampled_from([1, 3, 10]),
)
def test_retries_are_a_share_of_the_load(story: list[bool], share: float, most: int):
    budget, asked, taken = RetryBudget(share, most), 0, 0
    for request in story:
        if request:
            budget.asked()
            asked += 1
        else:
            taken += budget.take()
    expect_true(
        taken <= most + share * asked + 1e-6,
        asked=f"at most {most} and {share:g} a request",
        case=f"{asked} requests, {len(story) - asked} wishes for a retry",
        got=f"{taken} retries",
        expected=f"at most {most + share * asked:g}",
    )


class First:
    """The first of the replicas in order of names; it remembers who it could choose from."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def choose(self, ask: Ask, reports: Reports, now: float) -> str:
        self.seen.append("".join(report.replica for report in reports))
        return reports[0].replica


def router(names: str = "abcd", *, budget: RetryBudget | None = None, **options: Any) -> Router:
    eject = Ejector(failures=1, base=10.0, max_share=options.pop("max_share", 0.25), least=2)
    return Router(First(), [Report(name) for name in names], ejector=eject, budget=budget, **options)


@pytest.mark.task("16.6")
def test_it_goes_where_the_policy_says():
    made = router()
    where = made.route(Ask("x", tokens=30), 1.0)
    expect_equal(
        (where, numbers(made.board)["a"], made.policy.seen),
        ("a", (1, 30), ["abcd"]),
        asked="(where; what the board shows of a; what the policy could choose from)",
        case="four idle replicas, a policy that takes the first",
    )


@pytest.mark.task("16.6")
def test_an_end_is_seen_on_the_board():
    made = router()
    for name in "xyz":
        made.route(Ask(name, tokens=30), 1.0)
    made.ended("y", 2.0)
    made.left("x", 2.5)
    expect_equal(
        (numbers(made.board)["a"], sorted(made.going)), ((1, 30), ["z"]), asked="z is left", case="x leaves, y ends"
    )


@pytest.mark.task("16.6")
def test_an_ejected_one_gets_nothing():
    made = router()
    made.ejector.failed("a", 0.0)
    where = [made.route(ask, 1.0) for ask in asks(3)]
    expect_equal(where, ["b"] * 3, asked="a is ejected", case="a, b, c, d; the policy takes the first")


@pytest.mark.task("16.6")
def test_better_an_ejected_one_than_none():
    made = router("ab", max_share=1.0)
    made.ejector.failed("a", 0.0)
    made.ejector.failed("b", 0.0)
    expect_equal(made.route(Ask("x"), 1.0), "a", asked="all are ejected: as if none were", case="a and b, both ejected")


@pytest.mark.task("16.6")
def test_a_probe_is_one_request():
    made = router()
    made.ejector.failed("a", 0.0)
    where = [made.route(ask, 10.0 + ask.number) for ask in asks(3)]
    made.ended("ask 0", 13.0)
    expect_equal(
        (where, made.route(Ask("later", 3), 14.0)),
        (["a", "b", "b"], "a"),
        asked="one request probes a; when that has ended well, a is back",
        case="a is out from 0 to 10 s; requests at 10, 11, 12 s; the first ends at 13 s; one more",
    )


@pytest.mark.task("16.6")
def test_a_second_try_is_no_probe():
    made = router()
    made.route(Ask("x"), 0.0)
    again = made.failed("x", 1.0)  # a is ejected until 11 s
    later = made.route(Ask("x"), 20.0), made.route(Ask("y"), 20.0)
    expect_equal(
        (again, later), (True, ("b", "a")), asked="y probes a, x does not", case="x failed at a; at 20 s x, then y"
    )


@pytest.mark.task("16.6")
def test_what_has_shown_nothing_is_tried_elsewhere():
    made = router()
    first = made.route(Ask("x", tokens=7), 1.0)
    again = made.failed("x", 2.0)
    second = made.route(Ask("x", tokens=7), 2.0)
    board = numbers(made.board)
    expect_equal(
        (first, again, second, board["a"], board["b"], "a" in made.ejector.out),
        ("a", True, "b", (0, 0), (1, 7), True),
        asked="(first, whether again, second; the board's a and b; a is ejected)",
        case="x goes to a, and fails there before it has shown anything",
    )


@pytest.mark.task("16.6")
def test_what_has_shown_something_is_not():
    budget = RetryBudget(0.0, 5)
    made = router(budget=budget)
    made.route(Ask("x"), 1.0)
    made.shown("x")
    again = made.failed("x", 2.0)
    expect_equal(
        (again, budget.left, "x" in made.going, numbers(made.board)["a"]),
        (False, 5, False, (0, 0)),
        asked="(no second try; the budget is whole; it is no longer known; a is rid of it)",
        case="x has shown its first token, then fails",
    )


@pytest.mark.task("16.6")
@pytest.mark.parametrize(("tries", "where"), [(1, "a"), (2, "ab"), (3, "abc")])
def test_so_many_tries(tries: int, where: str):
    made, been = router(tries=tries, max_share=0.0), ""
    for now in range(9):
        been += made.route(Ask("x"), now)
        if not made.failed("x", now + 0.5):
            break
    expect_equal(been, where, asked=f"{tries} tries, each elsewhere", case="x fails wherever it goes; four replicas")


@pytest.mark.task("16.6")
def test_no_try_where_it_has_been():
    budget = RetryBudget(0.0, 5)
    made = router("ab", budget=budget, tries=9, max_share=0.0)
    been = ""
    for now in range(9):
        been += made.route(Ask("x"), now)
        if not made.failed("x", now + 0.5):
            break
    expect_equal(
        (been, budget.left), ("ab", 4), asked="(where; what is left of 5 retries)", case="two replicas, nine tries"
    )


@pytest.mark.task("16.6")
def test_a_second_try_may_go_to_an_ejected_one():
    made = router("ab", max_share=0.5)
    made.route(Ask("x"), 0.0)
    made.ejector.failed("b", 0.5)
    again = made.failed("x", 1.0)
    expect_equal(
        (again, made.route(Ask("x"), 1.0)), (True, "b"), asked="b is all that is left", case="b is ejected; a fails x"
    )


@pytest.mark.task("16.6")
def test_only_first_tries_pay():
    made = router(budget=RetryBudget(share=0.5, most=1), tries=4, max_share=0.0)
    found = []
    for name in "xyz":
        made.route(Ask(name), 0.0)
        while made.failed(name, 0.0):
            found.append(name)
            made.route(Ask(name), 0.0)
    expect_equal(
        found,
        ["x", "z"],
        asked="one in the purse, and half a retry for each request",
        case="x, y and z fail everywhere",
    )


@pytest.mark.task("16.6")
def test_no_retry_is_taken_in_vain():
    found = {}
    for case in ("shown", "tries", "nowhere else"):
        budget = RetryBudget(0.0, 5)
        made = router("a" if case == "nowhere else" else "ab", budget=budget, tries=1 if case == "tries" else 3)
        made.route(Ask("x"), 0.0)
        if case == "shown":
            made.shown("x")
        found[case] = (made.failed("x", 1.0), budget.left)
    expect_equal(
        found, dict.fromkeys(found, (False, 5)), asked="(whether again, retries left of 5)", case="three reasons"
    )


@pytest.mark.task("16.6")
def test_nowhere_to_go():
    made = router("")
    expect_raises(
        NoReplica, lambda: made.route(Ask("x"), 0.0), asked="an error", case="no replica is known", mentions=["x"]
    )
    made.heard(Report("a", 1.0))
    expect_equal(made.route(Ask("x"), 1.0), "a", asked="the one that has come", case="then a report of a comes")


@pytest.mark.task("16.6")
def test_what_has_nowhere_to_go_any_more_is_forgotten():
    made = router("ab")
    made.route(Ask("x"), 0.0)
    again = made.failed("x", 1.0)
    made.gone("b")
    expect_raises(NoReplica, lambda: made.route(Ask("x"), 1.0), asked="an error", case="x has failed on a, b has left")
    expect_equal((again, list(made.going)), (True, []), asked="(again, who is going)", case="the same, afterwards")


@pytest.mark.task("16.6")
def test_who_is_gone_gets_nothing():
    made = router()
    made.route(Ask("x"), 0.0)
    made.gone("a")
    again = made.failed("x", 1.0)
    expect_equal(
        (again, made.route(Ask("x"), 1.0)), (True, "b"), asked="elsewhere", case="a is taken away with x on it"
    )


@pytest.mark.task("16.6")
def test_a_caller_who_leaves_does_not_end_a_probe():
    made = router()
    made.ejector.failed("a", 0.0)
    where = [made.route(Ask("x"), 10.0)]
    made.left("x", 11.0)
    where.append(made.route(Ask("y"), 12.0))
    made.ended("y", 13.0)
    where.append(made.route(Ask("z"), 14.0))
    expect_equal(where, ["a", "a", "a"], asked="x left, so y probes; then a is back", case="a is out from 0 to 10 s")


@pytest.mark.task("16.6")
def test_a_request_from_before_is_no_probe():
    made = router()
    made.route(Ask("old"), 0.0)
    made.ejector.failed("a", 0.0)
    probe = made.route(Ask("probe"), 10.0)
    made.ended("old", 11.0)
    expect_equal(
        (probe, made.route(Ask("x"), 12.0)),
        ("a", "b"),
        asked="(the probe's place; a is not back yet)",
        case="old is at a when a is ejected; a probe is on its way; old ends well",
    )


@pytest.mark.task("16.6")
def test_slow_ones_are_looked_for_now_and_then():
    made = Router(
        RoundRobin(),
        [Report(name) for name in "abcd"],
        ejector=Ejector(least=2, slow=4.0, max_share=0.25),
        sweep_every=5.0,
    )
    for number in range(12):
        replica = made.route(Ask(f"{number}", number, 10), 0.0)
        made.ended(f"{number}", 90.0 if replica == "a" else 10.0)
    early = made.route(Ask("early", 0, 10), 4.999), set(made.ejector.out)
    late = made.route(Ask("late", 0, 10), 5.0), set(made.ejector.out)
    expect_equal(
        (early, late),
        (("a", set()), ("b", {"a"})),
        asked="(where, which are ejected) at 4.999 s and at 5 s: a needs 9 s per token, the others 1",
        case="a look at 0 s, and then every 5 s",
    )


@pytest.mark.task("16.6")
def test_a_slow_machine_that_says_so_is_not_slow():
    made = Router(
        RoundRobin(),
        [Report("a", speed=0.1), *(Report(name) for name in "bcd")],
        ejector=Ejector(least=2, slow=4.0, max_share=0.25),
        sweep_every=1.0,
    )
    for number in range(12):
        replica = made.route(Ask(f"{number}", number, 10), 0.0)
        made.ended(f"{number}", 90.0 if replica == "a" else 10.0)
    made.route(Ask("x"), 2.0)
    expect_equal(made.ejector.out, set(), asked="seconds a token at speed 1", case="a has a tenth of the others' speed")


@pytest.mark.task("16.6")
@settings(max_examples=30)
@given(st.data())
def test_every_request_comes_to_one_end(data: st.DataObject):
    """Any story: each request ends, is told an error or is tried again; the board holds what is on its way."""
    made = Router(
        TwoChoices(),
        [Report(name) for name in "abcd"],
        ejector=Ejector(failures=2, base=2.0, least=2, max_share=0.5),
        budget=RetryBudget(0.2, 3),
    )
    here: dict[str, tuple[str, Ask, bool]] = {}
    been: dict[str, list[str]] = {}
    now, number, retries = 0.0, 0, 0
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.integers(0, 4))
        what = data.draw(st.sampled_from(["ask", "ask", "end", "fail", "show", "leave"]))
        if what == "ask" or not here:
            ask = Ask(f"{number}", number, data.draw(st.integers(1, 9)))
            number += 1
            here[ask.id] = (made.route(ask, now), ask, False)
            been[ask.id] = [here[ask.id][0]]
            continue
        name = data.draw(st.sampled_from(sorted(here)))
        replica, ask, shown = here[name]
        if what == "show":
            made.shown(name)
            here[name] = (replica, ask, True)
        elif what == "fail":
            again = made.failed(name, now)
            if again and (shown or len(been[name]) >= 3):
                expect_true(False, asked="no further try", case=f"shown: {shown}, tried {been[name]}")
            del here[name]
            if again:
                retries += 1
                here[name] = (made.route(ask, now), ask, False)
                been[name].append(here[name][0])
        else:
            (made.ended if what == "end" else made.left)(name, now)
            del here[name]
    held = dict.fromkeys("abcd", (0, 0))
    for replica, ask, _ in here.values():
        held[replica] = (held[replica][0] + 1, held[replica][1] + ask.tokens)
    expect_equal(
        (numbers(made.board), sorted(made.going), [tries for tries in been.values() if len(set(tries)) < len(tries)]),
        (held, sorted(here), []),
        asked="(what is on its way, where; whose requests are known; who was sent twice to one replica)",
        case=f"{number} requests, two may be out",
    )
    expect_true(
        retries <= 3 + 0.2 * number and len(made.ejector.out) <= 2,
        asked="retries within the budget, at most half ejected",
        case=f"{number} requests",
        got=f"{retries} retries, {sorted(made.ejector.out)} out",
    )


@pytest.mark.task("16.6")
def test_what_a_whole_pace_is():
    made = router()
    for number in range(2):
        made.route(Ask(f"{number}", number, 4), 10.0)
        made.ended(f"{number}", 12.0)
    where = made.route(Ask("x"), 13.0)
    pace = made.ejector.usual()
    expect_equal(where, "a", asked="a is well", case="two requests have ended well at a")
    expect_close(pace, 0.5, asked="seconds a token: 2 s for 4 tokens", case="two requests of 4 tokens, 2 s each")


@pytest.mark.task("16.6")
def test_a_retry_is_timed_from_where_it_went_anew():
    made, told = router(), list[tuple[str, float]]()
    made.ejector.succeeded = lambda replica, pace, now: told.append((replica, pace))  # type: ignore[method-assign]
    made.route(Ask("x", tokens=10), 0.0)
    made.failed("x", 100.0)
    made.route(Ask("x", tokens=10), 100.0)
    made.ended("x", 101.0)
    expect_equal(
        told,
        [("b", 0.1)],
        asked="seconds a token of b: since the request was sent to it, not since its first try",
        case="x, 10 tokens, fails at a after 100 s, is sent to b, and ends there a second later",
    )


@pytest.mark.task("16.6")
def test_a_place_that_is_gone_is_no_place_to_try():
    made = router("ab")
    made.route(Ask("x"), 0.0)
    made.gone("a")
    expect_equal(
        (made.failed("x", 1.0), made.route(Ask("x"), 1.0)),
        (True, "b"),
        asked="(whether it is tried again, where): b is left, and it has not been there",
        case="two replicas; a is taken away with x on it",
    )
