"""The exam of `course grade`: no sheet refuses a right solution, and each sees most of the wrong ones by itself."""

import json
import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from types import ModuleType

import pytest

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.sheets import look, right, sit
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.classroom import exam
from tiny_batch_kit.classroom.exam import SHEETS, cases_of
from tiny_batch_kit.classroom.exam.sheets import Sheet

pytestmark = pytest.mark.timeout(600)

LAYOUT = Layout.of(ROOT)
SECRETS = ("a secret", "another")
LEAST = 0.85
"""Of all wrong solutions of a day, the share that its sheets see without any test."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """A process that has not imported `tiny_batch`, as this one has after other tests: solutions sit in forks of it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("day", LAYOUT.days, ids=lambda day: f"day-{day.number}")
def test_every_right_solution_gets_all(day, request: pytest.FixtureRequest, elsewhere: ProcessPoolExecutor):
    for secret in SECRETS if request.config.getoption("--soak") else SECRETS[:1]:
        found = elsewhere.submit(look, LAYOUT, day, secret, wrong=False).result()
        assert {seen.task: seen.refused for seen in found if seen.refused} == {}


@pytest.mark.parametrize("day", LAYOUT.days, ids=lambda day: f"day-{day.number}")
def test_most_wrong_solutions_are_seen(day, request: pytest.FixtureRequest, elsewhere: ProcessPoolExecutor):
    if not request.config.getoption("--soak"):
        pytest.skip("takes minutes: --soak")
    found = elsewhere.submit(look, LAYOUT, day, SECRETS[0]).result()
    caught, missed = (sum(len(getattr(seen, name)) for seen in found) for name in ("caught", "missed"))
    print(f"Day {day.number}: {caught} of {caught + missed}")
    assert caught >= LEAST * (caught + missed), {seen.task: seen.missed for seen in found if seen.missed}


def test_nobody_sits_where_another_solution_is_imported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tiny_batch", ModuleType("tiny_batch"))
    with pytest.raises(KitError, match="imported already"):
        sit(LAYOUT.reference, ["1.1"], SECRETS[0])


@pytest.fixture
def alarms() -> Iterator[None]:
    """Puts back what `sit` takes over; a test's own time limit is one of them."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGPROF)}
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
    signal.setitimer(signal.ITIMER_REAL, left)


@pytest.mark.parametrize("task", SHEETS)
def test_cases_are_plain_and_depend_on_the_secret(task: str):
    cases = cases_of(task, "a secret")
    assert json.loads(json.dumps(cases)) == cases == cases_of(task, "a secret") != cases_of(task, "another")


def test_answers_that_did_not_come_are_not_right():
    assert right(['{"is": 1}'], ['{"is": 1}'])
    assert not right([], ['{"is": 1}'])
    assert not right(['{"hole": "1.1"}'], ['{"hole": "1.1"}'])


def test_a_task_that_takes_too_long_leaves_the_others_their_time(monkeypatch: pytest.MonkeyPatch, alarms: None):
    def loop(case: dict) -> None:
        while True:
            pass

    for task, answer in (("9.1", loop), ("9.2", lambda case: time.sleep(100)), ("9.3", lambda case: case["n"])):
        monkeypatch.setitem(SHEETS, task, Sheet(task, lambda random: {}, answer, 2))
    cases = [(task, {"n": n}) for task in ("9.1", "9.2", "9.3") for n in (1, 2)]
    began = time.monotonic()
    got = [json.loads(given) for given in exam.sit(cases, 0.2)]
    assert time.monotonic() < began + 10
    assert [each.get("raised") for each in got] == ["TimeoutError"] * 4 + [None] * 2
    assert ["not asked" in each.get("said", "") for each in got] == [False, True, False, True, False, False]
    assert [each.get("is") for each in got[4:]] == [1, 2]
    assert signal.getitimer(signal.ITIMER_PROF) == signal.getitimer(signal.ITIMER_REAL) == (0, 0)
