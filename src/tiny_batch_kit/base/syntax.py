"""Python's parser, where Python's own is not safe to use as it is."""

from __future__ import annotations

import ast
import gc
from threading import Lock

_ONE_AT_A_TIME = Lock()


def parse(source: str) -> ast.Module:
    """As `ast.parse`, on any thread.

    Until Python 3.11.4, a tree is lost ("recursion depth mismatch") if another is made before it is whole: by another
    thread, or by a finalizer that happens to run. So one is made at a time, and again once the garbage is gone.
    """
    with _ONE_AT_A_TIME:
        try:
            return ast.parse(source)
        except SystemError:
            gc.collect()
            return ast.parse(source)
