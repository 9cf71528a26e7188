"""How far a server runs ahead of a reader who takes nothing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import WallClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.server.build import BLOCK_SIZE, Options, build
from tiny_batch_kit.server.local import LocalServer
from tiny_batch_kit.server.run import SEND_BUFFER

LONGEST = 60_000
STEP = 0.0005
PATIENCE = 300


class Letters:
    """A runner without a model, which takes STEP seconds: the next token is a letter."""

    def run(self, plan: Any) -> Mapping[str, Sequence[int]]:
        """See Runner."""
        time.sleep(STEP)
        return {work.request_id: [97 + work.start % 26] for work in plan.work if work.wanted}


def tokens_until_cut(checkpoint: Checkpoint, send_buffer: int | None = SEND_BUFFER) -> int:
    """How many tokens are made for a client that asks for LONGEST and takes not a byte, until it is cut off.

    send_buffer: bytes that the system may hold for it; None: as many as it likes. Raises KitError if it is never cut
    off.
    """
    built = build(checkpoint, Options(slots=1, max_seq_len=LONGEST + 100), None, _engine)
    body = {"model": checkpoint.name, "prompt": "x", "max_tokens": LONGEST, "stream": True}
    data = json.dumps(body).encode()
    head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with LocalServer(built, send_buffer=send_buffer) as server, socket.socket() as client:
        client.connect(("127.0.0.1", server.port))
        client.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            time.sleep(0.05)
            state = built.watch.state
            if state["tokens"] and not state["running"] and not built.life.bridge.open:
                return int(state["tokens"])
    raise KitError(f"the reader was not cut off within {PATIENCE} s")


def _engine(checkpoint: Checkpoint, options: Options, clock: WallClock) -> Any:
    load, pages = implementations.load, -(-options.max_seq_len // BLOCK_SIZE)
    allocator = load("block_allocator").BlockAllocator(pages, BLOCK_SIZE)
    scheduler = load("paged_kv").PagedScheduler(allocator, max_running=1, max_seq_len=options.max_seq_len)
    return load("engine").Engine(scheduler, Letters(), clock=clock)
