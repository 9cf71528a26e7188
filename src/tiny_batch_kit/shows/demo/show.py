"""The demo from end to end: serve every way, compare, show, write the page and the timelines."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from tiny_batch_kit.course import holes
from tiny_batch_kit.machine import blas
from tiny_batch_kit.machine.hardware import cpu_name
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.run import Run, Served, Watcher
from tiny_batch_kit.serving.trace import Asked, from_prompts
from tiny_batch_kit.serving.ways import WAYS, Way
from tiny_batch_kit.shows.demo import agreement, page, report
from tiny_batch_kit.shows.demo.live import LiveBoard
from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.files import save_group


@dataclass(frozen=True)
class Plan:
    """What to run: the prompts, how many slots a batch has, where to write, and in which ways to serve."""

    asked: Sequence[Asked]
    slots: int
    folder: Path
    ways: Sequence[Way] = WAYS


def run_demo(console: Console, checkpoint: Checkpoint, plan: Plan) -> list[Path]:
    """Run every way and show what came of it; return the files that were written."""
    checkpoints = arrange_all(console, checkpoint, plan)
    served = serve_all(console, checkpoints, plan)
    notes = [report.headline(served), *model_alone(console, checkpoints, plan, served), f"On {machine()}."]
    with console.status("Comparing the answers …"):
        found = [agreement.differences(checkpoint, plan.asked, served[0], other) for other in served[1:]]
    verdict = agreement.sentences(plan.asked, [each for differences in found for each in differences], len(served))

    console.rule("Answers")
    report.show_answers(console, checkpoint, plan.asked, served[-1])
    for line in verdict:
        console.print(line, highlight=False)
    console.rule("Timelines")
    timelines = [each.timeline for each in served]
    report.show_timelines(console, timelines)
    console.rule("What it adds up to")
    report.show_table(console, served)
    for line in notes:
        console.print(line, highlight=False)

    files = save_group(timelines, "demo", plan.folder)
    written = plan.folder / "demo.html"
    written.write_text(page.demo_page(checkpoint, plan.asked, served, verdict, notes), encoding="utf-8")
    return [written, *files]


def pace(checkpoint: Checkpoint, way: Way) -> float:
    """How many seconds apart the prompts should arrive here: the time of three tokens served alone, 0.2 at most.

    Slower, and a fast machine has answered a prompt before the next one comes: nothing would be left to batch.
    """
    for limit in (2, 8):  # once to warm up
        run = Run(way.name, checkpoint, [replace(each, limit=limit) for each in from_prompts(checkpoint, 1)], 1, None)
        way.serve(run)
    return min(0.2, float(f"{3 * run.clock.now() / limit:.1g}"))


def arrange_all(console: Console, checkpoint: Checkpoint, plan: Plan) -> list[Checkpoint]:
    """Return each way's checkpoint, the model arranged as it wants; like loading, that is in no way's time."""
    with console.status("Arranging the model …"):
        return [replace(checkpoint, model=way.arrange(checkpoint.model)) for way in plan.ways]


def serve_all(console: Console, checkpoints: Sequence[Checkpoint], plan: Plan) -> list[Served]:
    """Return what each way made with its checkpoint, after warming all of them up."""
    with console.status("Warming up …"):
        for way, checkpoint in zip(plan.ways, checkpoints, strict=True):
            _warm_up(way, checkpoint, plan)
    served = []
    for way, checkpoint in zip(plan.ways, checkpoints, strict=True):
        with LiveBoard(console, way.about, len(plan.asked), checkpoint.tokenizer.decode) as board:
            served.append(_serve(way, checkpoint, plan, board))
    return served


def model_alone(console: Console, checkpoints: Sequence[Checkpoint], plan: Plan, served: Sequence[Served]) -> list[str]:
    """Say how much of the last way's speed is its model: the way before it is served with that model too.

    Nothing if both had the same.
    """
    if len(served) < 2 or checkpoints[-1].model is checkpoints[-2].model:
        return []
    way = plan.ways[-2]
    with console.status(f"{way.name} once more, with the arranged model …"):
        _warm_up(way, checkpoints[-1], plan)
        again = _serve(way, checkpoints[-1], plan)
    return [report.model_alone(served[-2], again, served[-1])]


def ready_ways() -> tuple[list[Way], list[str]]:
    """(the ways that run, for each other one a sentence that names the task it waits for).

    Each is tried on a tiny model: an unfilled hole shows here, before a real model is loaded.
    """
    from tiny_batch_kit.model.checkpoints import load_checkpoint

    tiny, ready, missing = load_checkpoint("tiny-random"), list[Way](), list[str]()
    for way in WAYS:
        try:
            way.serve(Run(way.name, tiny, [Asked("1", "", "", [1, 2], 2), Asked("2", "", "", [3], 2)], 2, None))
        except NotImplementedError as error:
            sentence = holes.sentence(error, way.name)
            if sentence is None:
                raise
            missing.append(sentence)
        else:
            ready.append(way)
    return ready, missing


def machine() -> str:
    """Return what this ran on, in a few words."""
    return f"{cpu_name()}, {words.count(os.cpu_count() or 1, 'core')}, {platform.system()}, {blas.report()}"


def _serve(way: Way, checkpoint: Checkpoint, plan: Plan, watcher: Watcher | None = None) -> Served:
    run = Run(way.name, checkpoint, plan.asked, _slots(way, plan), checkpoint.eos_token_id, watcher)
    way.serve(run)
    return run.served()


def _warm_up(way: Way, checkpoint: Checkpoint, plan: Plan) -> None:
    """Two tokens of each shape that will be timed, so that no way pays for the first use of anything."""
    few = [Asked(one.id, one.name, one.text, one.ids, 2) for one in plan.asked[: plan.slots]]
    way.serve(Run(way.name, checkpoint, few, _slots(way, plan), None))


def _slots(way: Way, plan: Plan) -> int:
    return 1 if way is WAYS[0] else plan.slots
