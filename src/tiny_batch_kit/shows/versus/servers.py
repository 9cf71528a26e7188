"""The server beside the engine alone and mlx_lm.server: the same questions at once, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import WallClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tokenizer import BpeTokenizer
from tiny_batch_kit.server.build import Options, build, make_engine
from tiny_batch_kit.server.local import LocalServer
from tiny_batch_kit.serving import load, texts
from tiny_batch_kit.serving.load import Shot, Target
from tiny_batch_kit.shows.versus.sides import as_mlx_lm

ENGINE, OURS, THEIRS = "engine alone", "server", "mlx_lm.server"
NOTE = 2200
"""Characters of a note: some 430 tokens."""
STARTING = 180
"""Seconds that a server may take to start."""


@dataclass(frozen=True)
class Answered:
    """One run: tokens, seconds until the last was there, and each request's seconds to its first text."""

    tokens: int
    seconds: float
    ttft: Sequence[float]

    @property
    def tokens_per_second(self) -> float:
        """New tokens a second."""
        return self.tokens / self.seconds


@dataclass(frozen=True)
class Crowd:
    """What the demo asks, from so many clients at once; every answer may have `limit` tokens.

    notes: every sixth puts a page of text before its question, as chats do: prompts are of very unequal lengths.
    """

    clients: int
    limit: int
    notes: bool = False

    def shots(self) -> list[Shot]:
        """The questions."""
        found = []
        for number, shot in enumerate(load.poisson(self.clients, float("inf"))):
            note = f"Note {number}. {texts.REPORT[:NOTE]}\n\n" if self.notes and number % 6 == 5 else ""
            (message,) = shot.messages
            found.append(Shot(0.0, [{**message, "content": note + message["content"]}], self.limit))
        return found


def engine_alone(checkpoint: Checkpoint, shots: Sequence[Shot]) -> Answered:
    """The server's engine without a server: all requests are added, and stepped to their ends."""
    clock, first = WallClock(), dict[str, float]()
    engine = make_engine(checkpoint, Options(), clock)
    request_class, tokenizer = implementations.load("request").Request, checkpoint.tokenizer

    def serve(some: Sequence[Shot]) -> int:
        tokens = 0
        for number, shot in enumerate(some):
            ends = {"eos_token_ids": tokenizer.eos_token_ids, "decode": tokenizer.decode}
            prompt = tokenizer.talk(shot.messages)
            engine.add_request(request_class(str(number), prompt, shot.max_tokens, clock=clock, **ends))
        while engine.has_work:
            for event in engine.step():
                if hasattr(event, "token"):
                    tokens += 1
                    if event.text:
                        first.setdefault(event.request_id, clock.now())
        return tokens

    serve(warm_up(shots))
    first.clear()
    start = clock.now()
    tokens = serve(shots)
    return Answered(tokens, clock.now() - start, [each - start for each in first.values()])


def warm_up(shots: Sequence[Shot]) -> list[Shot]:
    """As many questions that nobody asks afterwards: nobody pays for the first use of anything."""
    return [Shot(0.0, [{"role": "user", "content": f"Count to {number}."}], 4) for number in range(len(shots))]


async def asked(target: Target, shots: Sequence[Shot]) -> Answered:
    """What a server's clients saw. KitError if somebody was not answered."""
    await load.fire(target, warm_up(shots))
    shown = await load.fire(target, shots)
    failed = [each.error for each in shown if each.error]
    if failed:
        raise KitError(f"{len(failed)} of {len(shown)} requests failed at {target.url}: {failed[0]}")
    return Answered(sum(each.tokens for each in shown), max(each.ended for each in shown), [e.ttft for e in shown])


def in_this_process(checkpoint: Checkpoint, shots: Sequence[Shot]) -> Answered:
    """The server on a thread of this process: for a quick look, since clients and server share Python's lock."""
    with LocalServer(build(checkpoint)) as server:
        return asyncio.run(asked(Target(server.url, checkpoint.name), shots))


def measured(side: str, model: str, folder: Path, crowd: Crowd) -> Answered:
    """One run of a side in processes of its own. model: its name; folder: its weights for mlx_lm."""
    which = "ref" if _is_reference() else "mine"
    if side == ENGINE:
        package = __name__.rpartition(".")[0]
        words = [sys.executable, "-m", package, "served", json.dumps(asdict(crowd)), model, which]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise KitError(f"the engine alone ended with {(done.stderr.strip().splitlines() or ['nothing'])[-1]}")
        return Answered(**json.loads(done.stdout.splitlines()[-1]))
    if side == OURS:
        words = ["-m", "tiny_batch_kit", "serve", "--model", model, "--port", "0", *(["--ref"] * (which == "ref"))]
        with _process(words) as process:
            return asyncio.run(asked(Target(_url(process), model), crowd.shots()))
    start = "from tiny_batch_kit.machine import blas; blas.use_fast(); from mlx_lm.server import main; main()"
    port = _free_port()
    with _process(["-c", start, "--model", str(folder), "--port", str(port), "--log-level", "ERROR"]) as process:
        target = Target(f"http://127.0.0.1:{port}", "default_model")
        _wait(process, port)
        return asyncio.run(asked(target, crowd.shots()))


def write_for_mlx_lm(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a model as mlx_lm reads it. KitError if its tokenizer can't be written."""
    import mlx.core as mx
    from mlx.utils import tree_flatten

    if not isinstance(checkpoint.tokenizer, BpeTokenizer):
        raise KitError(f"{checkpoint.name} has no tokenizer that mlx_lm could read: choose another model.")
    theirs = as_mlx_lm(checkpoint.model)
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(theirs.parameters())))
    (folder / "config.json").write_text(json.dumps(vars(theirs.args), default=str), encoding="utf-8")
    checkpoint.tokenizer.save(folder)


def medians(runs: Sequence[Answered]) -> tuple[float, float]:
    """(tokens a second, median TTFT): medians over runs."""
    speeds = [run.tokens_per_second for run in runs]
    return float(np.median(speeds)), float(np.median([np.median(run.ttft) for run in runs]))


def _is_reference() -> bool:
    file = implementations.load("server").__file__
    return file is not None and Path(file).resolve().parent == implementations.folder_of("ref")


@contextmanager
def _process(words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"(http://\S+)/v1", line)
        if found:
            return found[1]
    raise KitError("the server ended before it served")


def _wait(process: subprocess.Popen[str], port: int) -> None:
    """Returns as soon as a process listens. (Its list of models may be empty, or no JSON, for a model in a folder.)"""
    until = time.monotonic() + STARTING
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.5)
    raise KitError("mlx_lm.server did not start")


def _free_port() -> int:
    from tiny_batch_kit.server.run import listen

    with listen("127.0.0.1", 0) as free:
        return int(free.getsockname()[1])
