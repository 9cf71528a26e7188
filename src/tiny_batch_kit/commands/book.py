"""Read the course's book in a browser, or build it as a folder of pages."""

from __future__ import annotations

import argparse
import socket
import subprocess
from pathlib import Path

HELP = "read the book in your browser, or build it as a site (--build)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `book` takes."""
    parser.add_argument("--build", action="store_true", help="build a static site into book/build and stop")
    parser.add_argument("--out", type=Path, metavar="DIR", help="with --build: write the site there instead")
    parser.add_argument("--draft", action="store_true", help="with --build: show problems in the pages, don't fail")
    parser.add_argument("--port", type=int, default=3000, help="where to serve (default: 3000)")
    parser.add_argument("--open", action="store_true", help="also open a browser window")


def run(args: argparse.Namespace) -> int:
    """Build the site, or serve it until Ctrl-C; the page reloads whenever a chapter is saved."""
    from tiny_batch_kit.authors.bookkit.site import build_site
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.paths import ROOT

    if args.build:
        index = build_site(ROOT, args.out or ROOT / "book" / "build", draft=args.draft)
        console().print(f"The book is in [bold]{index}[/bold]. Open it in any browser; it needs no network.")
        return 0
    return _serve(args.port, args.open)


def _serve(port: int, open_browser: bool) -> int:
    from tiny_batch_kit.authors.bookkit.site import environment, mdbook
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import ROOT, STATE

    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise KitError(f"Something else already serves on port {port}. Choose another: --port {port + 1}.")
    # Not book/build: a served page carries the script that reloads it.
    command = [mdbook(), "serve", str(ROOT / "book"), "--dest-dir", str(STATE / "book"), "--port", str(port)]
    console().print(f"The book is at [bold]http://localhost:{port}[/bold]. Ctrl-C stops.")
    try:
        return subprocess.run(
            [*command, *(["--open"] if open_browser else [])], env=environment(ROOT, draft=True), check=False
        ).returncode
    except KeyboardInterrupt:
        return 0
