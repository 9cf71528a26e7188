"""`viz`: look at timelines that were recorded earlier."""

import argparse
from pathlib import Path

HELP = "draw recorded timelines, in the terminal, as SVG, as a page or as a trace"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files and the forms to draw them in."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.jsonl", help="default: the latest ones")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write one SVG instead of drawing here")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page that needs nothing else")
    parser.add_argument("--perfetto", type=Path, metavar="FILE", help="write a trace for https://ui.perfetto.dev")
    parser.add_argument("--steps", action="store_true", help="draw steps along the width, not seconds")
    parser.add_argument("--width", type=int, help="columns in the terminal, or units of the SVG's own width")


def run(args: argparse.Namespace) -> int:
    """Draw the timelines, all on one scale."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.timeline.events import read_jsonl
    from tiny_batch_kit.timeline.files import last_group
    from tiny_batch_kit.timeline.html import timeline_page
    from tiny_batch_kit.timeline.perfetto import trace_text
    from tiny_batch_kit.timeline.spans import Axis
    from tiny_batch_kit.timeline.svg import WIDTH, render_svg
    from tiny_batch_kit.timeline.terminal import TerminalTimelines

    timelines = [read_jsonl(path) for path in args.files or last_group(OUT)]
    axis = Axis.STEPS if args.steps else Axis.SECONDS
    out = console()
    if args.svg:
        _write(args.svg, render_svg(timelines, axis=axis, width=args.width or WIDTH))
    if args.html:
        _write(args.html, timeline_page(timelines, axis=axis, width=args.width or WIDTH))
    if args.perfetto:
        _write(args.perfetto, trace_text(timelines))
    for path in filter(None, (args.svg, args.html, args.perfetto)):
        out.print(f"Written: {path}", highlight=False, soft_wrap=True)
    if not (args.svg or args.html or args.perfetto):
        out.print(TerminalTimelines(timelines, axis, args.width))
    return 0


def _write(path: Path, text: str) -> None:
    from tiny_batch_kit.base.errors import KitError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise KitError(f"{path} can't be written: {error.strerror}. Give another path.") from error
