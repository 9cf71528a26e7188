"""The command line: finds the command, runs it, and shows an expected error as one sentence."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from tiny_batch_kit.base.errors import KitError

COMMANDS = (
    "test",
    "hint",
    "watch",
    "progress",
    "doctor",
    "reset",
    "start",
    "solution",
    "demo",
    "viz",
    "bench",
    "calibrate",
    "simulate",
    "serve",
    "fleet",
    "load",
    "book",
    "grade",
)

EPILOG = """\
a first hour:  doctor, then book (read "How to work" and Day 1), then test --day 1
with pdm:      pdm run COMMAND        without: ./scripts/course COMMAND
"""


def parser() -> argparse.ArgumentParser:
    """The parser of all commands. Building it imports nothing heavy: --help must be instant."""
    main_parser = argparse.ArgumentParser(
        prog="course",
        description="tiny-batch: a hands-on course in batching for LLM serving.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main_parser.add_argument("--traceback", action="store_true", help="show where an expected error came from")
    commands = main_parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"tiny_batch_kit.commands.{name}")
        module.add_arguments(commands.add_parser(name, help=module.HELP, description=module.__doc__))
    return main_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit status: 2 for an expected error, 130 after Ctrl-C."""
    args = parser().parse_args(argv)
    command = importlib.import_module(f"tiny_batch_kit.commands.{args.command}")
    try:
        status: int = command.run(args)
        return status
    except KitError as error:
        if args.traceback or os.environ.get("TINY_BATCH_TRACEBACK"):
            raise
        print(f"{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `course progress | head` is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
