"""Cut the starter, src/tiny_batch, from the reference: `python scripts/make_starter.py [--check]`.

For the course's authors: it replaces every file of src/tiny_batch. --check changes nothing and says what would change.
"""

import sys

from tiny_batch_kit.course import load_course
from tiny_batch_kit.cutter import cut_all
from tiny_batch_kit.paths import ROOT


def changes() -> list[str]:
    """The files of the starter that differ from what the cutter makes."""
    wanted = cut_all(ROOT / "src" / "tiny_batch_ref", load_course())
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "src" / "tiny_batch").glob("*.py")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    """Write the starter, or check it. Returns the exit status."""
    differing = changes()
    if "--check" in arguments:
        for name in differing:
            print(f"src/tiny_batch/{name} is not what the cutter makes: run python scripts/make_starter.py")
        return 1 if differing else 0
    wanted = cut_all(ROOT / "src" / "tiny_batch_ref", load_course())
    for name in differing:
        target = ROOT / "src" / "tiny_batch" / name
        if name in wanted:
            target.write_text(wanted[name], encoding="utf-8")
        else:
            target.unlink()
        print(f"{'wrote' if name in wanted else 'removed'} src/tiny_batch/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
