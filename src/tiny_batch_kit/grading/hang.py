"""A time limit that a test can't mistake for a failing example.

pytest-timeout raises an error that Hypothesis takes for a failure of the example: it goes on to look for a smaller one,
with no limit any more. What is raised here passes through Hypothesis and through every `except Exception`.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

import pytest


class Hang(BaseException):
    """A test did not end in its time."""


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:
    """Set the alarm for a test, in pytest-timeout's place; None, where there is no alarm, leaves it to that."""
    here = threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM")
    if not here or settings.method != "signal" or not settings.timeout:
        return None

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang(f"no end after {settings.timeout:g} s")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout)
    return True


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> bool | None:
    """Stop the alarm."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        return None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return None  # what pytest-timeout may have set is its own to stop
