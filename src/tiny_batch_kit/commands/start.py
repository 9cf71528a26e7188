"""Begin at a later day: fill the earlier days from the reference, and keep what you had in a backup."""

from __future__ import annotations

import argparse

from tiny_batch_kit.base.paths import RUN

HELP = "begin at day N, with the earlier days filled in (your files are kept)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which day."""
    parser.add_argument("--day", type=int, required=True, metavar="N", help="the day to begin at")


def run(args: argparse.Namespace) -> int:
    """Back up all files of the student, then fill the days before N."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.course.cutter import cut_all
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.state import State
    from tiny_batch_kit.course.syllabus import load_course

    course, out, mine, reference = load_course(), console(), folder_of("mine"), folder_of("ref")
    day = course.ready_day(args.day)
    earlier = {module for each in course.ready if each.number < day.number for module in each.modules}
    wanted = {
        name: (reference / name).read_text(encoding="utf-8") if name in earlier else text
        for name, text in cut_all(reference, course).items()
        if name in earlier or not (mine / name).exists()
    }
    there = {path.name: path.read_bytes() for path in mine.glob("*.py")}
    changing = sorted(name for name, text in wanted.items() if there.get(name) != text.encode())
    if changing:
        backup = State().back_up(mine.glob("*.py"))
        for name in changing:
            (mine / name).write_text(wanted[name], encoding="utf-8")
            out.print(f"filled src/tiny_batch/{name}" if name in earlier else f"made src/tiny_batch/{name}")
        out.print(f"Your files as they were: {backup}", soft_wrap=True)
    else:
        out.print("The earlier days are already filled in.")
    out.print(f"Day {day.number} · {day.title}: read book/src/{day.chapter}, then {RUN} test --day {day.number}")
    return 0
