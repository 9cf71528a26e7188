"""`load`: send requests to a server when they are due, whether or not it keeps up, and say how long they took.

Any server with OpenAI's API will do. Latency counts from the moment at which a request should have been sent.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = "send load to any OpenAI-compatible server, and measure"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where, how many, how fast."""
    parser.add_argument("url", metavar="URL", help="such as http://127.0.0.1:8000")
    parser.add_argument("--requests", type=int, default=64, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--rate", type=float, default=2.0, help="a second on average, or inf: at once (%(default)s)")
    parser.add_argument("--trace", type=Path, metavar="FILE", help='JSON lines {"at", "prompt", "max_tokens"}, instead')
    parser.add_argument("--max-tokens", type=int, metavar="N", help="no answer longer than this")
    parser.add_argument("--model", help="which to ask for (the first that the server names)")
    parser.add_argument("--api-key", metavar="KEY", help="(also TINY_BATCH_API_KEY)")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Fire, and report; 1 if nobody was answered."""
    import asyncio
    import os

    from tiny_batch_kit.base.console import TaskProgress, console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.serving import load
    from tiny_batch_kit.shows import load_report

    if args.requests < 1 or not args.rate > 0 or (args.max_tokens is not None and args.max_tokens < 1):
        raise KitError("Give at least 1 request, a rate above 0, and at least 1 token.")
    out, key = console(), args.api_key or os.environ.get("TINY_BATCH_API_KEY")
    shots = load.read_trace(args.trace) if args.trace else None
    shots = shots or load.poisson(args.requests, args.rate, args.max_tokens, args.seed)

    async def fired() -> tuple[Any, Any]:
        model = args.model or await load.first_model(args.url, key)
        with TaskProgress(out) as progress:
            target = load.Target(args.url, model, key)
            return model, await load.fire(target, shots, lambda done: progress(f"{done} done", done / len(shots)))

    model, results = asyncio.run(fired())
    found = load.summary(results)
    load_report.show(out, found, f"{model} at {args.url}")
    for path in load_report.save(results, found, OUT):
        out.print(f"Written: {path}", highlight=False, soft_wrap=True)
    return 0 if found["answered"] else 1
