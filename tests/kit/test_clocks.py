import math

import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.machine.clocks import ServiceClock, VirtualClock, WallClock


def test_a_wall_clock_starts_near_zero_and_never_goes_back():
    clock = WallClock()
    readings = [clock.now() for _ in range(5)]
    assert readings == sorted(readings)
    assert 0 <= readings[0] < 5


def test_a_virtual_clock_moves_only_when_told():
    clock = VirtualClock()
    assert clock.now() == 0.0
    assert clock.advance(1.5) == 1.5
    assert clock.advance(0) == 1.5
    assert clock.advance_to(4) == 4.0
    assert clock.now() == 4.0


@pytest.mark.parametrize("seconds", [-0.1, math.nan, math.inf])
def test_a_virtual_clock_never_goes_back(seconds):
    clock = VirtualClock(2.0)
    with pytest.raises(KitError, match="advance"):
        clock.advance(seconds)
    assert clock.now() == 2.0


@pytest.mark.parametrize("moment", [1.0, math.nan, math.inf])
def test_a_virtual_clock_goes_to_no_earlier_moment(moment):
    with pytest.raises(KitError, match="later"):
        VirtualClock(2.0).advance_to(moment)


def test_a_virtual_clock_starts_at_a_finite_time():
    with pytest.raises(KitError, match="finite"):
        VirtualClock(math.nan)


def test_a_service_clock_runs_while_work_is_done_and_jumps_over_waiting():
    now = [10.0]
    clock = ServiceClock(lambda: now[0])
    now[0] += 5  # nobody works
    with clock.working():
        now[0] += 1
        with clock.paused():
            now[0] += 7
        now[0] += 2
        assert clock.now() == 3
    now[0] += 4
    assert clock.now() == 3
    assert clock.advance_to(2) == 3  # it never goes back
    assert clock.advance_to(8) == 8
    with clock.working():
        now[0] += 1
    assert clock.now() == 9
