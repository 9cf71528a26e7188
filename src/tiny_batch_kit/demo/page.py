"""The demo as one HTML page: the two timelines, the table, the answers."""

from collections.abc import Sequence
from html import escape

from tiny_batch_kit.checkpoints import Checkpoint
from tiny_batch_kit.demo.report import answer_text
from tiny_batch_kit.demo.serving import Asked, Served
from tiny_batch_kit.timeline import html, words
from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE


def demo_page(
    checkpoint: Checkpoint,
    asked: Sequence[Asked],
    one_by_one: Served,
    batched: Served,
    agreement: Sequence[str],
    machine: str,
) -> str:
    """Return the whole page. `agreement` says whether both ways gave the same texts, `machine` where this ran."""
    timelines = [one_by_one.timeline, batched.timeline]
    faster = words.speed_up(*timelines)
    title = f"{len(asked)} prompts, one by one and as a batch"
    headline = "" if faster is None else f'<p class="big"><strong>{escape(_headline(faster))}</strong></p>'
    where = f"{checkpoint.name} ({checkpoint.weights} weights) on {machine}."
    caption = (
        "A row is a slot: a place in the batch. A colour and a number are a request. Both pictures share one scale of "
        "seconds, so the shorter one was faster. A bubble is work whose result nobody wanted."
    )
    parts = [
        headline,
        f'<p class="quiet">{escape(where)}</p>',
        html.figure(timelines, caption),
        "<h2>What it adds up to</h2>",
        html.totals(timelines, "One pass of the model over all rows is a step."),
        "<h2>The answers</h2>",
        *(f"<p>{escape(line)}</p>" for line in agreement),
        _answers(checkpoint, asked, batched),
    ]
    return html.page(title, "\n".join(part for part in parts if part))


def _headline(faster: float) -> str:
    if faster >= 1:
        return f"The batch was {faster:.1f} times as fast."
    return f"The batch was slower here: {1 / faster:.1f} times the time."


def _answers(checkpoint: Checkpoint, asked: Sequence[Asked], served: Served) -> str:
    items = []
    for number, (request, tokens) in enumerate(zip(asked, served.tokens, strict=True)):
        place = number % len(PALETTE)
        badge = (
            f'<span class="n" style="background:{PALETTE[place]};color:{ON_PALETTE[place]}">{escape(request.id)}</span>'
        )
        items.append(
            f"<li><h3>{badge}{escape(request.text)}</h3>"
            f"<p>{escape(answer_text(checkpoint, request, tokens))}</p>"
            f'<p class="quiet">{words.count(len(tokens), "token")} of at most {request.limit}</p></li>'
        )
    return '<ul class="answers">\n' + "\n".join(items) + "\n</ul>"
