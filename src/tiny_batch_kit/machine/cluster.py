"""Ray, when it is wanted: installed when it is missing, started quietly on this machine, and gone without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT, STATE

GROUP = "fleet"
OF_SERVE = ("aiohttp", "smart_open")
"""What `ray[serve]` brings, and `ray` alone does not."""
_TOKEN = token_hex(32)
"""Ray listens on all of a machine's addresses, and runs what it is told: nobody else may tell it."""
TRIES = 3
STORE = 100 << 20
"""Bytes of shared memory for Ray's objects: what passes here is small."""
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a worker without a claim on a GPU may see it
    "RAY_worker_niceness": "0",  # left to itself, 15: replicas would wait for whatever else the machine does
    "RAY_DEDUP_LOGS": "0",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S": "2",  # a busy laptop is no dead replica
    "RAY_SERVE_MAX_QUEUE_LENGTH_RESPONSE_DEADLINE_S": "5",
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
}


def is_installed() -> bool:
    """Whether Ray Serve is here. Nothing is imported: Ray reads its settings when it is."""
    return all(find_spec(name) is not None for name in ("ray", *OF_SERVE))


def see_that_it_is_here(say: Callable[[str], object]) -> None:
    """Install Ray Serve, by pdm.lock, if it is missing; say is told that it takes a while.

    Raises KitError, saying what to do, if it can't be installed.
    """
    if is_installed():
        return
    command = _installer()
    say("Installing Ray Serve: half a gigabyte, only this once.")
    environment = {**os.environ, "PDM_CHECK_UPDATE": "0", "PDM_IGNORE_ACTIVE_VENV": "1"}
    log = STATE / "install-fleet.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    invalidate_caches()
    if done.returncode or not is_installed():
        raise KitError(f"Ray Serve could not be installed: is there a network, and a gigabyte of disk? (log: {log})")


def _installer() -> list[str]:
    own = STATE / "pdm" / "bin" / "pdm"
    pdm = str(own) if own.exists() else shutil.which("pdm")
    if pdm is None:
        raise KitError(f'Ray Serve is not installed: {sys.executable} -m pip install "ray[serve]" does it.')
    return [pdm, "sync", "--prod", "-G", GROUP]


@contextmanager
def started(address: str | None = None, cpus: int | None = None) -> Iterator[Any]:
    """The module `ray`, connected to a cluster. address: of one that runs; None: one of our own, on this machine only.

    cpus: how many its own cluster says it has, for who asks for a share; None: those there are. Behind the block, the
    cluster of our own is gone, and so are its processes and files. Raises KitError if there is nobody at the address.
    """
    own = address is None and "ray" not in sys.modules
    settings = {**SETTINGS, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _TOKEN} if own else SETTINGS
    os.environ.update({name: value for name, value in settings.items() if name not in os.environ})
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "ignore_reinit_error": False}
    if address is not None:
        try:
            ray.init(address=address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise KitError(f"There is no Ray cluster at {address}: {error}") from error
        try:
            yield ray
        finally:
            ray.shutdown()
        return
    # Sockets lie in here, and their paths may have some hundred characters: not in a long TMPDIR.
    folder = Path(tempfile.mkdtemp(prefix="tiny-batch-", dir="/tmp" if os.path.isdir("/tmp") else None))
    mine = {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": STORE, "_temp_dir": str(folder)}
    try:
        _begin(ray, {**mine, "_node_ip_address": "127.0.0.1", **quiet})
        yield ray
    finally:
        ray.shutdown()
        _remove(folder)


def as_they_end(ray: Any, calls: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Each call's place in the sequence, and what it returns, in the order in which they end; what it raises, too."""
    places, left = {call: place for place, call in enumerate(calls)}, list(calls)
    while left:
        done, left = ray.wait(left)
        for call in done:
            yield places[call], ray.get(call)


def _remove(folder: Path, seconds: float = 10.0) -> None:
    """Ray's processes may still write their last words while it is removed."""
    until = time.monotonic() + seconds
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.1)


def _begin(ray: Any, options: dict[str, Any]) -> None:
    """Start a cluster. Ray waits half a minute for its own processes: on a busy machine, that may be too short."""
    for left in reversed(range(TRIES)):
        try:
            ray.init(**options)
            return
        except Exception as error:  # Ray says no more of it than that
            ray.shutdown()
            if not left:
                raise KitError(f"Ray did not start: {error}") from error
