"""Grade submissions: folders, zips, or a folder of them. Each runs contained, and gets the points that it earned."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiny_batch_kit.classroom.grade import Grader, Map
    from tiny_batch_kit.course.syllabus import Course, Day

HELP = "grade a class: folders, zips, or a folder of them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is graded, by which secret, and where the report goes."""
    parser.add_argument(
        "submissions", nargs="*", type=Path, metavar="SUBMISSION", help="folder, zip, or folder of them"
    )
    parser.add_argument("--secret", help="what the held-out cases are made from; keep it (default: TINY_BATCH_SECRET)")
    parser.add_argument("--day", type=int, action="append", metavar="N", help="this day only; may be given again")
    parser.add_argument("--out", type=Path, help="the report's folder (default: out/grade)")
    parser.add_argument("--gradescope", type=Path, metavar="FILE", help="write results.json for one submission")
    parser.add_argument("--lean", action="store_true", help="leave out slow tests that see nothing which others don't")
    parser.add_argument("--on", choices=("here", "ray"), default="here", help="ray: over all cores of a Ray cluster")
    parser.add_argument("--ray", metavar="ADDRESS", help="of a Ray cluster that runs; without: this machine's cores")
    parser.add_argument("--make-autograder", type=Path, metavar="ZIP", help="make the zip that Gradescope wants")


def run(args: argparse.Namespace) -> int:
    """Grade, write the report, and say where it is: 0."""
    import os

    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import OUT, RUN
    from tiny_batch_kit.course.syllabus import load_course

    course = load_course()
    secret = args.secret or os.environ.get("TINY_BATCH_SECRET", "")
    if not secret:
        raise KitError(f"Held-out cases need a secret that students don't know: {RUN} grade --secret WORDS …")
    if args.make_autograder:
        from tiny_batch_kit.classroom.autograder import make

        make(args.make_autograder, secret, args.day or [])
        print(f"{args.make_autograder} is ready for Gradescope. It holds the secret: share it with nobody.")
        return 0
    if not args.submissions:
        raise KitError(f"Nothing to grade: {RUN} grade --secret WORDS SUBMISSION …")
    days = [course.ready_day(number) for number in sorted(set(args.day))] if args.day else list(course.ready)
    return _grade(args, course, days, secret, args.out or OUT / "grade")


def _grade(args: argparse.Namespace, course: Course, days: list[Day], secret: str, out: Path) -> int:
    from tiny_batch_kit.base.console import TaskProgress, console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.classroom.contain import NOT_CONTAINED
    from tiny_batch_kit.classroom.grade import Grader, grade_all
    from tiny_batch_kit.classroom.report import write, write_gradescope
    from tiny_batch_kit.classroom.submissions import read_submissions

    submissions = read_submissions(args.submissions)
    if not submissions:
        raise KitError(f"{', '.join(map(str, args.submissions))} holds no submission.")
    grader = Grader(course, days, secret, out / "kept", lean=args.lean)
    warning = "" if grader.bubblewrap else NOT_CONTAINED
    if warning:
        console().print(f"[yellow]{warning}[/]")
    done = 0
    with TaskProgress(console()) as progress:
        progress("the reference sits the exam")
        grader.prepare()

        def tick() -> None:
            nonlocal done
            done += 1
            progress(f"graded {done} of {len(submissions)}", done / len(submissions))

        with _spread(args, grader) as spread:
            graded = grade_all(grader, submissions, tick, spread)
    index = write(out, course, days, graded, warning)
    if args.gradescope:
        write_gradescope(args.gradescope, graded[0], days)
    console().print(f"{len(graded)} graded. The class: {index}. For a spreadsheet: {out / 'grades.csv'}", markup=False)
    return 0


@contextmanager
def _spread(args: argparse.Namespace, grader: Grader) -> Iterator[Map | None]:
    """How the class is spread: None over this machine's cores, else over a Ray cluster, as long as the block lasts."""
    if args.on == "here":
        yield None
        return
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.classroom.spread import on_ray
    from tiny_batch_kit.machine import cluster

    cluster.see_that_it_is_here(lambda text: console().print(text, highlight=False))
    with cluster.started(args.ray) as ray:
        yield on_ray(ray, grader)
