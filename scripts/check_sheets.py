"""Ask how much the exam of `course grade` sees by itself, without any test.

`python scripts/check_sheets.py --day 9` or `--task 9.3`. For each task with a sheet: how many wrong solutions of it get
another answer than the reference to some held-out case, and which of them do not. Exit status 1 if a sheet refuses a
right solution. Another secret, other cases: --secret.
"""

import argparse
import sys

import mlx.core
import numpy  # noqa: F401  (imported once, before the forks)

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.sheets import look
from tiny_batch_kit.base.console import console
from tiny_batch_kit.base.paths import ROOT


def main() -> int:
    """Look, and report. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", action="append", type=int, default=[], help="only this day's; repeatable")
    parser.add_argument("--task", action="append", default=[], help="only of this task; repeatable")
    parser.add_argument("--secret", default="a secret", help="what the cases are drawn from")
    args = parser.parse_args()
    assert mlx.core
    layout, out = Layout.of(ROOT), console()
    days = set(args.day) | {int(task.split(".")[0]) for task in args.task}
    total = caught = refused = 0
    for day in layout.days:
        if days and day.number not in days:
            continue
        mine = [task for task in args.task if task.startswith(f"{day.number}.")]
        for seen in look(layout, day, args.secret, mine):
            count = len(seen.caught) + len(seen.missed)
            total, caught, refused = total + count, caught + len(seen.caught), refused + len(seen.refused)
            out.print(f"{seen.task}: {len(seen.caught)} of {count} in {seen.seconds:.2f} s")
            if seen.missed:
                out.print(f"  missed: {', '.join(seen.missed)}")
            if seen.refused:
                out.print(f"  REFUSED: {', '.join(seen.refused)}")
    out.print(f"all: {caught} of {total} wrong solutions, {refused} right ones refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
