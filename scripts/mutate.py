"""Change the reference a little, in every way that mutmut knows, and see whether a test notices.

`python scripts/mutate.py --day 9`. Only what stands between `# task … begin` and `end` is changed. A change that no
test of its day notices is a hole in the tests, or no change at all: then tests/mutants/equivalent.toml says why. Exit
status 1 if there is one that the file does not have.

--looks-like runs all tests of a task on each change, and counts how often a red test would name a wrong solution of
another function.
--save keeps what came of such runs in a file, and --load takes it from there: for work on looks_like.py.
"""

import argparse
import sys
from pathlib import Path

from tiny_batch_kit.authors.mutation.report import mutate
from tiny_batch_kit.base.console import console
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT


def main() -> int:
    """Run the changes and report. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", action="append", type=int, default=[], help="only this day's; repeatable")
    parser.add_argument("--looks-like", action="store_true", help="also measure what red tests are said to look like")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the records of all tests")
    parser.add_argument("--load", type=Path, metavar="FILE", help="run nothing: take the records from a file")
    args = parser.parse_args()
    try:
        found = mutate(ROOT, console(), days=args.day, likeness=args.looks_like, save_to=args.save, load_from=args.load)
    except KitError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
