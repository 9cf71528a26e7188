"""Make what the book's players show, from runs of the reference: `python scripts/make_traces.py [--check] [NAME ...]`.

NAME is day-NN; all of them by default. They go into book/traces/. --check: write nothing, and fail if a file is not
what a run gives.
"""

import argparse


def main() -> int:
    """Make the traces, or check them; 1 if one is stale."""
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.shows import players

    chapters = {chapter.name: chapter for chapter in players.chapters()}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="day-NN")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if unknown := sorted(set(args.names) - set(chapters)):
        parser.error(f"there is no player {', '.join(unknown)}. There are: {', '.join(chapters)}")
    implementations.install("ref")
    stale = 0
    for name in args.names or chapters:
        file, found = players.path(chapters[name]), players.text(players.trace(chapters[name]))
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        if args.check:
            stale += old != found
            print(f"{name}: {'as it should be' if old == found else 'stale: run python scripts/make_traces.py'}")
            continue
        file.parent.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
        print(f"wrote {file.name}, {len(found.encode()) / 1000:.0f} kB")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
