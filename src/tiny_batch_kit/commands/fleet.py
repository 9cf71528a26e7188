"""`fleet`: Day 15's server in front of several replicas of your engine, each in a process of its own, on Ray Serve."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

HELP = "serve it from several replicas of your engine, behind your router (Ray Serve)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `serve` takes, how many replicas, and by which policy."""
    from tiny_batch_kit.commands import serve
    from tiny_batch_kit.server.fleet.desk import POLICIES

    serve.add_arguments(parser)
    fleet = parser.add_argument_group(
        "the fleet",
        "kill -HUP to this process replaces all replicas, one by one. At most a quarter is ejected: of 3, none.",
    )
    fleet.add_argument("--replicas", type=int, default=2, metavar="N", help="processes with an engine (%(default)s)")
    fleet.add_argument(
        "--policy", choices=POLICIES, default="two choices", help="of your router, in Ray's place for one (%(default)s)"
    )
    fleet.add_argument("--most", type=int, metavar="N", help="scale up to N replicas when requests queue")
    fleet.add_argument(
        "--target", type=float, metavar="N", help="requests for each replica, above which it scales (as many as slots)"
    )
    fleet.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds between reports (%(default)s)")
    fleet.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="of a Ray cluster that runs, with this checkout at the same path; without: its own, on this machine",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; 1 when it needs a task that is not written yet, or was ended by a second signal."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.commands import serve
    from tiny_batch_kit.course import holes, implementations
    from tiny_batch_kit.machine import cluster

    serve.see_that_it_makes_sense(args)
    most = args.most if args.most is not None else args.replicas
    if not 1 <= args.replicas <= most or not args.every > 0 or not (args.target is None or args.target > 0):
        raise KitError("Give at least 1 replica, no fewer --most, and seconds and a target above 0.")
    out = console()
    implementations.install("ref" if args.ref else "mine")
    if not args.ref and holes.run_or_say(_see_that_all_is_written, f"{RUN} fleet", out):
        return 1
    cluster.see_that_it_is_here(lambda text: out.print(text, highlight=False))
    return _serve(args, out)


def _see_that_all_is_written() -> None:
    """A hole would raise in a replica, where nobody sees it."""
    from tiny_batch_kit.course import holes

    for day in (15, 16):
        holes.see_that_all_are_filled(day)


def _serve(args: argparse.Namespace, out: Console) -> int:
    import asyncio
    from contextlib import ExitStack

    from tiny_batch_kit.commands import serve
    from tiny_batch_kit.machine import blas, cluster
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.server.fleet.fleet import Size, front, running
    from tiny_batch_kit.server.fleet.replica import Plan
    from tiny_batch_kit.server.run import Server

    blas.use_fast()
    limits = ("slots", "max_seq_len", "max_waiting", "pages", "ttft")
    plan = Plan("ref" if args.ref else "mine", args.model, {name: getattr(args, name) for name in limits})
    target = float(args.slots) if args.target is None else args.target
    size = Size(args.replicas, args.most, target, every=args.every, drain=args.drain)
    listening, address = serve.open_door(args)
    with ExitStack() as stack:
        stack.enter_context(listening)
        with out.status(f"starting {args.replicas} replicas"):
            checkpoint = load_checkpoint(args.model)  # a download happens here, once for all
            stack.enter_context(cluster.started(args.ray, size.cpus))
            fleet = stack.enter_context(running(plan, size, args.policy, others=args.ray is not None))
            built = front(fleet, checkpoint.tokenizer, checkpoint.name, serve.rules(args))
        out.print(f"{checkpoint.name} at {address}/v1, a page at {address}/, its state at /fleet", highlight=False)
        out.print(f"kill -HUP {os.getpid()} replaces all replicas, one by one · Ctrl-C ends it", highlight=False)
        server = Server(built.app, built.life, built.watch, drain_seconds=args.drain)
        del checkpoint
        asyncio.run(_until_the_end(server, listening, fleet, out))
    return 1 if server.forced else 0


async def _until_the_end(server: Any, listening: Any, fleet: Any, out: Console) -> None:
    """Serve; at SIGHUP, make the replicas anew."""
    import asyncio
    import signal

    from tiny_batch_kit.base.errors import KitError

    one_at_a_time = asyncio.Lock()

    async def update() -> None:
        async with one_at_a_time:
            out.print("replacing all replicas", highlight=False)
            try:
                await asyncio.to_thread(fleet.update)
            except KitError as error:
                out.print(str(error), highlight=False)
            else:
                out.print(f"all replicas are of release {fleet.plan.release}", highlight=False)

    updates = set()

    def hung_up() -> None:
        updates.add(asyncio.ensure_future(update()))

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up)
    await server.serve([listening])
