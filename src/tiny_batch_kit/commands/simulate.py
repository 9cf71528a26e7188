"""`simulate`: serve a million requests without a model: a scheduler, a virtual clock, and prices that were measured."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = "serve a million requests without a model, through your scheduler"
POLICIES = ("fifo", "shortest", "balanced")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how many, how fast, and by which policy."""
    parser.add_argument(
        "--requests", type=int, nargs="+", default=[1_000_000], metavar="N", help="how many (a million)"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="requests a second (%(default)s)")
    parser.add_argument("--policy", choices=POLICIES, default="fifo", help="who is admitted first (%(default)s)")
    parser.add_argument("--running", type=int, default=64, metavar="N", help="how many run at a time (%(default)s)")
    parser.add_argument(
        "--blocks",
        type=int,
        metavar="N",
        help="requests that begin alike, and Day 11's scheduler with a store of N blocks (0: no store)",
    )
    parser.add_argument("--ref", action="store_true", help="run the reference, not your code")


def run(args: argparse.Namespace) -> int:
    """Simulate; 1 when it needs a task that is not written yet."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.course import holes, implementations

    if min(args.requests) < 1 or not args.rate > 0 or args.running < 1 or (args.blocks or 0) < 0:
        raise KitError("Give at least 1 request, a rate above 0, at least 1 that may run, and 0 blocks or more.")
    out = console()
    implementations.install("ref" if args.ref else "mine")
    return holes.run_or_say(lambda: _run(args, out), f"{RUN} simulate", out)


def _run(args: argparse.Namespace, out: Any) -> None:
    import time

    from rich.table import Table

    from tiny_batch_kit.base.console import TaskProgress
    from tiny_batch_kit.serving.talks import talk_stream
    from tiny_batch_kit.serving.workloads import chat_stream
    from tiny_batch_kit.simulator import cost
    from tiny_batch_kit.simulator.simulate import simulate

    prices, stream = cost.load(), chat_stream if args.blocks is None else talk_stream
    columns = [
        "requests",
        "took s",
        "µs a request",
        "steps",
        "tokens/s",
        "computed",
        "TTFT p50",
        "p99",
        "latency p50",
        "p99",
        "MiB",
    ]
    table = Table(*columns, box=None)
    for count in args.requests:
        with TaskProgress(out) as progress:

            def show(ended: int, count: int = count, progress: TaskProgress = progress) -> None:
                progress(f"{count:,} requests: {10 * (10 * ended // count)}%", ended / count)

            start = time.perf_counter()
            serving = scheduler(args.policy, args.running, args.blocks)
            found = simulate(stream(count, rate=args.rate), serving, prices, show)
            took = time.perf_counter() - start
        times = [found.percentile(name, share) for name in ("ttft", "latency") for share in (50, 99)]
        table.add_row(
            f"{count:,}",
            f"{took:.1f}",
            f"{1e6 * took / count:.0f}",
            f"{found.steps:,}",
            f"{found.tokens_per_second:.1f}",
            f"{found.computed / found.wanted:.0%}",
            *(f"{seconds:.2f}" for seconds in times),
            f"{peak_mib():.0f}",
        )
    for column in table.columns:
        column.justify = "right"
    out.print(table)
    what = "Chat mix" if args.blocks is None else f"Talks, a store of {args.blocks:,} blocks"
    out.print(f"\n{what}, {args.rate:g} requests a second, {args.policy}, {args.running} may run; {prices.machine}.")
    out.print("Computed: what share of the tokens of prompts and answers went through the model.")


def scheduler(policy: str, running: int, blocks: int | None = None) -> Any:
    """A scheduler of the student's or the reference's, with one of Day 10's policies. FIFO needs Day 9 only.

    blocks: with a prefix cache of so many, which is Day 11's; 0 or None: without.
    """
    from tiny_batch_kit.course import implementations

    queues: dict[str, Callable[[], Any]] = {
        "fifo": lambda: None,
        "shortest": lambda: implementations.load("policies").ShortestFirst(ageing=1.0),
        "balanced": lambda: implementations.load("policies").LengthBalanced(),
    }
    limits = {"max_running": running, "max_batched_tokens": max(128, running), "max_seq_len": 4096}
    if blocks:
        from tiny_batch_kit.serving.caching import BLOCK_SIZE

        cache = implementations.load("prefix_cache").PrefixCache(blocks, BLOCK_SIZE)
        return implementations.load("caching").CachingScheduler(cache, **limits, queue=queues[policy]())
    return implementations.load("plan").Scheduler(**limits, queue=queues[policy]())


def peak_mib() -> float:
    """The most memory that this process has had so far."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / 2**20 if sys.platform == "darwin" else peak / 2**10)
