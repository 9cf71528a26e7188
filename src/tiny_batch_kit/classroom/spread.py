"""A class, graded on the cores of a Ray cluster: who graded whom does not show in the results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.classroom.contain import has_bubblewrap
from tiny_batch_kit.classroom.grade import Graded, Grader, Map
from tiny_batch_kit.classroom.judge import Expected
from tiny_batch_kit.classroom.stage import version
from tiny_batch_kit.classroom.submissions import Submission
from tiny_batch_kit.course.syllabus import load_course
from tiny_batch_kit.machine.cluster import as_they_end

Setting = tuple[tuple[int, ...], str, bool, float, bool]
"""What makes a grader: days, secret, bubblewrap, patience, lean."""


def on_ray(ray: Any, grader: Grader) -> Map:
    """How `grade_all` spreads a class over a cluster. ray: the module, connected to one. grader: prepared.

    Each core stages the course by itself, from the same secret; what is expected, and what is kept, stays here. A
    machine of the cluster must have this version of the course, and bubblewrap if this one has it: KitError otherwise.
    What a machine that dies was grading is graded again by another.
    """

    def spread(one: Callable[[Submission], Graded], submissions: Iterable[Submission]) -> Iterator[Graded]:
        days = tuple(day.number for day in grader.days)
        setting: Setting = (days, grader.secret, grader.bubblewrap, grader.patience, grader.lean)
        there = ray.remote(num_cpus=1, max_retries=3)(_there)
        asked, expected, here = list(submissions), ray.put(grader.expected), version()
        graded = {place: one(each) for place, each in enumerate(asked) if grader.knows(each)}
        missing = [place for place in range(len(asked)) if place not in graded]
        for at, data in as_they_end(ray, [there.remote(here, setting, expected, asked[place]) for place in missing]):
            each = asked[missing[at]]
            grader.keep(each, data)
            graded[missing[at]] = one(each)
        return iter([graded[place] for place in range(len(asked))])

    return spread


def _there(wanted: str, setting: Setting, expected: Expected, submission: Submission) -> dict[str, Any]:
    """In a worker of the cluster, which may have graded another before."""
    if _version() != wanted:
        raise KitError("a machine of the cluster has another version of the course: give all the same")
    grader = _grader(setting)
    grader.expected = expected
    return grader.examine(submission)


_version = cache(version)


@lru_cache(maxsize=1)
def _grader(setting: Setting) -> Grader:
    days, secret, bubblewrap, patience, lean = setting
    if bubblewrap and not has_bubblewrap():
        raise KitError("a machine of the cluster has no bubblewrap, and this one has: install it there, too")
    course = load_course()
    ready = [course.ready_day(number) for number in days]
    return Grader(course, ready, secret, None, bubblewrap=bubblewrap, patience=patience, lean=lean)
