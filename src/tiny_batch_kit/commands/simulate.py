"""`simulate`: serve a million requests without a model: a scheduler, a virtual clock, and prices that were measured."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiny_batch_kit.simulator.spread import Timed
    from tiny_batch_kit.simulator.sweep import Setting

HELP = "serve a million requests without a model, through your scheduler"
POLICIES = ("fifo", "shortest", "balanced")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how many, how fast, and by which policy."""
    parser.add_argument(
        "--requests", type=int, nargs="+", default=[1_000_000], metavar="N", help="how many (a million)"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="requests a second (%(default)s)")
    parser.add_argument("--policy", choices=POLICIES, default="fifo", help="which is admitted first (%(default)s)")
    parser.add_argument("--running", type=int, default=64, metavar="N", help="how many run at a time (%(default)s)")
    parser.add_argument(
        "--blocks",
        type=int,
        metavar="N",
        help="requests that begin alike, and Day 11's scheduler with a store of N blocks (0: no store)",
    )
    fleet = parser.add_argument_group("a fleet, behind Day 16's routers: questions on documents")
    fleet.add_argument("--fleet", type=int, metavar="N", help="so many replicas of Day 11's scheduler")
    fleet.add_argument("--route", nargs="+", default=["two choices"], metavar="POLICY", help="by which policies")
    fleet.add_argument("--routers", type=int, default=4, metavar="N", help="routers (%(default)s)")
    fleet.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds between reports (%(default)s)")
    fleet.add_argument("--rates", type=float, nargs="+", metavar="R", help="each of these, in place of --rate")
    fleet.add_argument("--seeds", type=int, default=1, metavar="N", help="so many different streams (%(default)s)")
    fleet.add_argument("--on", choices=("here", "ray"), default="here", help="ray: over all cores, or a cluster's")
    fleet.add_argument("--ray", metavar="ADDRESS", help="of a Ray cluster that runs; without: this machine's cores")
    parser.add_argument("--ref", action="store_true", help="run the reference, not your code")


def run(args: argparse.Namespace) -> int:
    """Simulate; 1 when it needs a task that is not written yet."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.course import holes, implementations

    if min(args.requests) < 1 or not min(args.rates or [args.rate]) > 0 or args.running < 1 or (args.blocks or 0) < 0:
        raise KitError("Give at least 1 request, a rate above 0, at least 1 that may run, and 0 blocks or more.")
    if args.fleet is not None and min(args.fleet, args.routers, args.seeds) < 1:
        raise KitError("Give at least 1 replica, 1 router and 1 seed.")
    if args.fleet is None and (args.on == "ray" or args.rates or args.seeds != 1):
        raise KitError("--on ray, --rates and --seeds are for a sweep of fleets: give --fleet N, too.")
    if not args.every > 0:
        raise KitError(f"--every is {args.every}: give a number of seconds above 0.")
    out = console()
    implementations.install("ref" if args.ref else "mine")
    what = _run if args.fleet is None else _fleet
    return holes.run_or_say(lambda: what(args, out), f"{RUN} simulate", out)


def _fleet(args: argparse.Namespace, out: Any) -> None:
    """Serve questions on documents with a fleet: every policy, with every number of requests, at every rate."""
    from rich.table import Table

    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.simulator import sweep

    unknown = [name for name in args.route if name not in sweep.POLICIES]
    if unknown:
        raise KitError(f"There is no policy {unknown[0]!r}: give some of {', '.join(map(repr, sweep.POLICIES))}.")
    base = sweep.Setting(replicas=args.fleet, routers=args.routers, every=args.every, running=args.running, warm=0.1)
    rates, seeds = args.rates or [args.rate], range(args.seeds)
    settings = sweep.grid(base, policy=args.route, requests=args.requests, rate=rates, seed=seeds)
    columns = [
        "policy",
        "rate",
        "seed",
        "requests",
        "CPU s",
        "µs",
        "TTFT p50",
        "p99",
        "latency p50",
        "p99",
        "hits",
        "load",
    ]
    table = Table(*columns, box=None)
    for row, took in (_spread if args.on == "ray" else _one_by_one)(args, settings, out):
        setting = row.setting
        table.add_row(
            setting.policy,
            f"{setting.rate:g}",
            f"{setting.seed}",
            f"{setting.requests:,}",
            f"{took:.1f}",
            f"{1e6 * took / setting.requests:.0f}",
            *(f"{seconds:.2f}" for seconds in (*row.ttft, *row.latency)),
            f"{row.hit_rate:.0%}",
            f"{row.load_ratio:.2f}",
        )
    for column in table.columns[1:]:
        column.justify = "right"
    out.print(table)
    out.print(f"\n{args.fleet:,} replicas, the rate for each of them, by the prices of the book's machine.")
    out.print("Percentiles without the first tenth. Load: the most loaded replica's time at work over the least's.")
    if args.on == "here":
        out.print(f"At most {peak_mib():.0f} MiB.")


def _one_by_one(args: argparse.Namespace, settings: Sequence[Setting], out: Any) -> list[Timed]:
    from tiny_batch_kit.base.console import TaskProgress
    from tiny_batch_kit.simulator.spread import timed

    found = []
    for setting in settings:

        def show(came: int, progress: TaskProgress, setting: Setting = setting) -> None:
            progress(f"{setting.policy}: {setting.requests:,} requests", came / setting.requests)

        with TaskProgress(out) as progress:
            found.append(timed(setting, partial(show, progress=progress)))
    return found


def _spread(args: argparse.Namespace, settings: Sequence[Setting], out: Any) -> list[Timed]:
    from tiny_batch_kit.base.console import TaskProgress
    from tiny_batch_kit.course import holes
    from tiny_batch_kit.machine import cluster
    from tiny_batch_kit.simulator.spread import spread, timed

    if not args.ref:
        holes.see_that_all_are_filled(16)  # a hole would raise in a worker
    cluster.see_that_it_is_here(lambda text: out.print(text, highlight=False))
    with cluster.started(args.ray) as ray, TaskProgress(out) as progress:
        count = len(settings)
        progress(f"0 of {count} runs", 0.0)
        code = "ref" if args.ref else "mine"
        return spread(ray, code, timed, settings, lambda ended: progress(f"{ended} of {count} runs", ended / count))


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
