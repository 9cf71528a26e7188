"""Where a step's time goes: each moment in one part, and the engine as it was before."""

import pytest

from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.serving.profiling import PARTS, Profiler, rows


class Model:
    width = 7

    def __init__(self, clock):
        self.clock = clock

    def __call__(self, seconds):
        self.clock.advance(seconds)
        return seconds


class Scheduler:
    def __init__(self, clock):
        self.clock = clock

    def plan(self):
        self.clock.advance(1)

    def commit(self, plan):
        self.clock.advance(2)


class Runner:
    def __init__(self, clock):
        self.clock, self.model = clock, Model(clock)

    def run(self, plan):
        self.clock.advance(10)
        self.model(20)
        assert self.model.width == 7
        self.clock.advance(40)


class Engine:
    def __init__(self, clock, on_step):
        self.clock, self.on_step = clock, on_step
        self.scheduler, self.runner = Scheduler(clock), Runner(clock)

    def step(self):
        plan = self.scheduler.plan()
        self.runner.run(plan)
        self.scheduler.commit(plan)
        self.on_step([])
        self.clock.advance(100)


@pytest.fixture
def clock():
    return VirtualClock()


def test_each_part_has_its_time(clock):
    profiler = Profiler(clock.now)
    engine = Engine(clock, profiler.listening(lambda rows: clock.advance(200)))
    clock.advance(5000)  # before anybody watches
    with profiler.watching(engine):
        for _ in range(3):
            engine.step()
            clock.advance(400)
    clock.advance(5000)
    profile = profiler.profile
    one = {"schedule": 3, "describe": 20, "compute": 50, "hand out": 100, "listen": 200, "between": 400}
    assert dict(profile.seconds) == {part: 3 * seconds for part, seconds in one.items()}
    assert profile.steps == 3
    assert profile.total == 3 * 773
    assert profile.share("listen") == pytest.approx(200 / 773)
    assert profile.milliseconds("schedule") == pytest.approx(3000)
    assert sum(profile.share(part) for part in PARTS) == pytest.approx(1)


def test_the_engine_is_as_before(clock):
    profiler = Profiler(clock.now)
    engine = Engine(clock, lambda rows: None)
    before = [dict(vars(each)) for each in (engine, engine.scheduler, engine.runner)]
    with profiler.watching(engine):
        engine.step()
    assert [dict(vars(each)) for each in (engine, engine.scheduler, engine.runner)] == before
    engine.step()
    assert profiler.profile.steps == 1


def test_a_step_that_breaks_is_measured_too(clock):
    profiler = Profiler(clock.now)

    def breaks(rows):
        clock.advance(7)
        raise RuntimeError("no room")

    engine = Engine(clock, profiler.listening(breaks))
    with profiler.watching(engine):
        with pytest.raises(RuntimeError, match="no room"):
            engine.step()
        clock.advance(9)
    assert profiler.profile.seconds["listen"] == 7
    assert profiler.profile.seconds["between"] == 9


def test_nothing_measured_is_nothing(clock):
    profile = Profiler(clock.now).profile
    assert [row[1:3] for row in rows(profile)] == [[0.0, 0.0]] * len(PARTS)
