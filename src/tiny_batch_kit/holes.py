"""An unfilled hole, in one calm sentence."""

import re

from tiny_batch_kit.paths import RUN

_HOLE = re.compile(r"Task (?P<task>\d+\.\d+): (?P<symbol>[\w.]+): see (?P<chapter>\S+)")


def sentence(error: NotImplementedError, command: str) -> str | None:
    """Return what to tell a student whose `command` met the hole that raised `error`; None if it is no hole."""
    match = _HOLE.search(str(error))
    if match is None:
        return None
    return (
        f"Task {match['task']} (`{match['symbol']}`) is not written yet, and `{command}` needs it: "
        f"see {match['chapter']}, or `{RUN} hint {match['task']}`."
    )
