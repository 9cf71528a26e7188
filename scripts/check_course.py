"""Check the course itself: `python scripts/check_course.py [--only CHECK ...] [--day N ...] [--full] [--update]`.

Exit status 1 if something is wrong; what and where is printed.

--full runs all tests of a day on each of its wrong solutions, and not just those that are recorded to fail.
--update does so, and records which tests each wrong solution fails, in tests/mutants/signatures.json: run it after a
change of the tests or of the wrong solutions, and look at the difference before you commit it.
"""

import argparse
import sys

from tiny_batch_kit.authors.coursecheck.runner import CHECKS, check_course
from tiny_batch_kit.base.console import console
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT


def main() -> int:
    """Run the checks. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    listed = ", ".join(CHECKS)
    parser.add_argument("--only", action="append", choices=CHECKS, metavar="CHECK", help=f"one of {listed}; repeatable")
    parser.add_argument("--day", action="append", type=int, default=[], help="only this day's; repeatable")
    parser.add_argument("--full", action="store_true", help="run all tests of the day on wrong solutions")
    parser.add_argument("--update", action="store_true", help="record the tests that wrong solutions fail")
    args = parser.parse_args()
    only = args.only or (["mutants"] if args.update else list(CHECKS))
    if args.update and "mutants" not in only:
        parser.error("--update belongs to the check mutants")
    try:
        return 0 if check_course(ROOT, only, console(), update=args.update, full=args.full, days=args.day) else 1
    except KitError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
