"""Day 14's experiment: measure, follow the findings, and see what listening costs."""

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.profiling import PARTS
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.shows.experiments import day_14_composition as composition
from tiny_batch_kit.simulator import cost


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Follow the findings on the simulator, then look at the first and the last setting on the real model."""
    count, few = (400, 6) if quick else (20_000, 24)
    prices = cost.load()
    found = composition.follow(count, prices, lambda text, share=0.0: progress(text, 0.8 * share))
    real = []
    for number, setting in enumerate((composition.SETTINGS[0], composition.SETTINGS[-1])):
        progress(f"{few} requests on the real model: {setting.change}", 0.8 + 0.1 * number)
        real.append(composition.on_model(checkpoint, few, setting))
    last = real[-1]
    return Experiment(
        title=f"Following the findings: {count:,} simulated chat requests, {composition.RATE} a second, promised "
        f"{composition.TTFT:g} s and {composition.TPOT:g} s a token",
        columns=composition.COLUMNS,
        rows=[each.row for each in found]
        + [[f"{row[0]} (model)", *row[1:]] for row in (one.watched.row for one in real)],
        data={
            "machine": prices.machine,
            "requests": count,
            "findings": {each.setting.change: each.findings for each in found},
            "little": [list(each.totals.little()) for each in found],
            "listening": [one.listening for one in real],
            "profile": {part: [last.profile.milliseconds(part), last.profile.share(part)] for part in PARTS},
        },
        figure=lambda: composition.draw(found),
        description=composition.DESCRIPTION,
        timelines=[one.timeline for one in real],
        notes=[
            *(f"{each.setting.change}: {' '.join(each.findings) or 'nothing to say.'}" for each in found),
            "Little's law: " + ", ".join(f"{each.totals.little().off:.2%}" for each in found) + " off.",
            f"On the model, {few} requests; listening costs "
            + " and ".join(f"{one.listening:.2%}" for one in real)
            + " of a step.",
            "A step of the last setting: "
            + "; ".join(f"{part} {last.profile.milliseconds(part):.2f} ms" for part in PARTS)
            + ".",
        ],
    )
