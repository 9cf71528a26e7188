"""The demo as one HTML page: the timelines, the table, the answers."""

from collections.abc import Sequence
from html import escape

from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.run import Served
from tiny_batch_kit.serving.trace import Asked
from tiny_batch_kit.shows.demo import report
from tiny_batch_kit.timeline import html, words
from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE


def demo_page(
    checkpoint: Checkpoint,
    asked: Sequence[Asked],
    served: Sequence[Served],
    agreement: Sequence[str],
    notes: Sequence[str],
) -> str:
    """Return the whole page. `agreement` says whether all ways gave the same texts; `notes`: the headline, and more."""
    timelines = [each.timeline for each in served]
    title = f"{len(asked)} prompts, served in {words.count(len(served), 'way')}"
    headline, *more = notes
    model = f"{checkpoint.name}, {checkpoint.weights} weights."
    caption = (
        "A row is a slot: a place in the batch. A colour and a number are a request. All pictures share one scale of "
        "seconds, so a shorter one was faster. A bubble is work whose result nobody wanted."
    )
    parts = [
        f'<p class="big"><strong>{escape(headline)}</strong></p>',
        *(f'<p class="quiet">{escape(line)}</p>' for line in [*more, model]),
        html.figure(timelines, caption),
        html.story(timelines, [one.text for one in asked], [_pieces(checkpoint, each) for each in served]),
        "<h2>What it adds up to</h2>",
        _totals(served),
        "<h2>The answers</h2>",
        *(f"<p>{escape(line)}</p>" for line in agreement),
        _answers(checkpoint, asked, served[-1]),
    ]
    return html.page(title, "\n".join(part for part in parts if part))


def _pieces(checkpoint: Checkpoint, served: Served) -> list[list[str]]:
    """The text that came with each token of each answer; with one that is no whole character yet, none."""
    found = []
    for tokens in served.tokens:
        pieces, before = list[str](), ""
        for count in range(1, len(tokens) + 1):
            text = checkpoint.tokenizer.decode(tokens[:count])
            whole = text.rstrip("\N{REPLACEMENT CHARACTER}")
            pieces.append(whole[len(before) :])
            before = whole
        found.append(pieces)
    return found


def _totals(served: Sequence[Served]) -> str:
    rows = report.totals(served)
    lines = [[name, *(row[index] for row in rows)] for index, name in enumerate(report.columns())]
    caption = (
        "One pass of the model is a step. Latency is from a request's arrival until its caller has the whole answer."
    )
    return html.table(lines[0], lines[1:], caption)


def _answers(checkpoint: Checkpoint, asked: Sequence[Asked], served: Served) -> str:
    items = []
    for number, (request, tokens) in enumerate(zip(asked, served.tokens, strict=True)):
        place = number % len(PALETTE)
        badge = (
            f'<span class="n" style="background:{PALETTE[place]};color:{ON_PALETTE[place]}">{escape(request.id)}</span>'
        )
        items.append(
            f"<li><h3>{badge}{escape(request.text)}</h3>"
            f"<p>{escape(report.answer_text(checkpoint, request, tokens))}</p>"
            f'<p class="quiet">{words.count(len(tokens), "token")} of at most {request.limit}</p></li>'
        )
    return '<ul class="answers">\n' + "\n".join(items) + "\n</ul>"
