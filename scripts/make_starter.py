"""Cut the starter, src/tiny_batch, from the reference: `python scripts/make_starter.py [--check]`.

For the course's authors: it replaces every file of src/tiny_batch. --check changes nothing, shows what
would change, and exits with 1 if anything would.
"""

import sys
from difflib import unified_diff
from pathlib import Path

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course.cutter import cut_all
from tiny_batch_kit.course.syllabus import load_course

STARTER = ROOT / "src" / "tiny_batch"
SHOWN = 12
"""So many lines of a file's difference are shown."""


def main(arguments: list[str]) -> int:
    """Write the starter, or check it. Returns the exit status."""
    wanted = cut_all(ROOT / "src" / "tiny_batch_ref", load_course())
    there = {path.name: path.read_text(encoding="utf-8") for path in STARTER.glob("*.py")}
    differing = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    check = "--check" in arguments
    for name in differing:
        if check:
            print(f"{_shown(STARTER / name)} is not what the cutter makes: run python scripts/make_starter.py")
            _show(there.get(name, ""), wanted.get(name, ""))
        else:
            _write(STARTER / name, wanted.get(name))
    if not differing:
        print("src/tiny_batch is what the cutter makes")
    return 1 if check and differing else 0


def _write(target: Path, text: str | None) -> None:
    """Write a file of the starter; remove it if the reference has no such file."""
    if text is None:
        target.unlink()
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    print(f"{'removed' if text is None else 'wrote'} {_shown(target)}")


def _show(there: str, wanted: str) -> None:
    """The first lines that differ: - is there, + is what the cutter makes."""
    difference = list(unified_diff(there.splitlines(), wanted.splitlines(), n=0, lineterm=""))[2:]
    for line in difference[:SHOWN]:
        print(f"    {line}")
    if len(difference) > SHOWN:
        print(f"    … and {len(difference) - SHOWN} lines more")


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KitError as error:
        sys.exit(str(error))
