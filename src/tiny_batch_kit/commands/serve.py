"""`serve`: OpenAI's HTTP API over your engine, with a page at / that shows what it does."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from socket import socket

    from rich.console import Console

HELP = "serve OpenAI's HTTP API with your engine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whose code, which model, where, and how much."""
    parser.add_argument("--ref", action="store_true", help="run the reference, not your code")
    parser.add_argument("--model", default="smollm2-135m", help="a name, a Hugging Face id or a folder (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free (%(default)s)")
    parser.add_argument("--api-key", metavar="KEY", help="ask for it (also TINY_BATCH_API_KEY, which no list shows)")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a name it may be called by; repeatable"
    )
    parser.add_argument("--slots", type=int, default=16, help="requests that run at once (%(default)s)")
    parser.add_argument("--max-seq-len", type=int, default=2048, help="tokens, prompt and answer (%(default)s)")
    parser.add_argument(
        "--pages", type=int, metavar="N", help="of 16 tokens, for all together (512, or what they need)"
    )
    parser.add_argument("--max-waiting", type=int, default=256, help="requests in the queue (%(default)s)")
    parser.add_argument(
        "--ttft", type=float, metavar="S", help="promise a first token within S seconds, and refuse what can't have it"
    )
    parser.add_argument("--drain", type=float, default=30.0, metavar="S", help="seconds to end what runs (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; 1 when it needs a task that is not written yet, or was ended by a second signal."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.course import holes, implementations
    from tiny_batch_kit.machine import blas

    see_that_it_makes_sense(args)
    out = console()
    blas.use_fast()
    implementations.install("ref" if args.ref else "mine")
    return holes.run_or_say(lambda: _serve(args, out), f"{RUN} serve", out)


def see_that_it_makes_sense(args: argparse.Namespace) -> None:
    """Raise KitError if a number can't be."""
    from tiny_batch_kit.base.errors import KitError

    if (
        min(args.slots, args.max_waiting, args.pages or 1) < 1
        or args.max_seq_len < 2
        or not 0 <= args.port < 2**16
        or args.drain < 0
        or not (args.ttft is None or args.ttft > 0)
    ):
        raise KitError(
            "Give at least 1 slot, 1 page, 1 that may wait, 2 tokens, a port below 65536, 0 seconds or more to drain, "
            "and a promise above 0."
        )


def _serve(args: argparse.Namespace, out: Console) -> None:
    import asyncio
    import os
    import sys
    from dataclasses import replace

    from tiny_batch_kit.course import holes
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.model.tuned import tuned
    from tiny_batch_kit.server.build import Options, build
    from tiny_batch_kit.server.run import Server

    if not args.ref:
        holes.see_that_all_are_filled(15)  # a hole would raise on the engine's thread, where nobody sees it
    with out.status(f"loading {args.model}"):
        checkpoint = load_checkpoint(args.model)
        checkpoint = replace(checkpoint, model=tuned(checkpoint.model))
        limits = {"slots": args.slots, "max_seq_len": args.max_seq_len, "max_waiting": args.max_waiting}
        built = build(checkpoint, Options(**limits, pages=args.pages, ttft=args.ttft, rules=rules(args)))
    listening, address = open_door(args)
    out.print(f"{checkpoint.name} at {address}/v1, a page at {address}/ · Ctrl-C ends it", highlight=False)
    server = Server(built.app, built.life, built.watch, drain_seconds=args.drain)
    asyncio.run(server.serve([listening]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if server.forced else 0)  # the engine's thread may be in the middle of a step, or hang for ever


def open_door(args: argparse.Namespace) -> tuple[socket, str]:
    """A socket that listens where it was wished, and its URL. Raises KitError if that can't be."""
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.server.run import listen

    try:
        listening = listen(args.host, args.port)
    except OSError as error:
        raise KitError(f"Can't listen on {args.host}:{args.port}: {error.strerror}. Try --port 0.") from error
    host = f"[{args.host}]" if ":" in args.host else args.host
    return listening, f"http://{host}:{listening.getsockname()[1]}"


def rules(args: argparse.Namespace) -> Any:
    """Who may come in."""
    import os

    from tiny_batch_kit.server.guard import LOOPBACK, Rules

    local = args.host in ("127.0.0.1", "localhost", "::1")
    hosts = frozenset(name.lower() for name in args.allow_host)
    names = LOOPBACK | hosts if local else hosts | {args.host.lower()} if hosts else None
    return Rules(hosts=names, api_key=args.api_key or os.environ.get("TINY_BATCH_API_KEY") or None)
