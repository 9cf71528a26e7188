"""Timelines as one HTML page that needs nothing else: no network, light and dark. A script plays them; without it the
pictures say the same.
"""

from collections.abc import Sequence
from html import escape

from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.coding import Traced, encode
from tiny_batch_kit.timeline.events import Timeline
from tiny_batch_kit.timeline.player import STORY, dump, embed
from tiny_batch_kit.timeline.spans import Axis, all_requests, short_names, spans
from tiny_batch_kit.timeline.stats import summarise
from tiny_batch_kit.timeline.svg import WIDTH, render_svg

MOST_BOXES = 1500

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root{{color-scheme:light dark;--tb-ink:#17181c;--tb-paper:#fff;--soft:#f3f4f6;--rule:#d5d8de;--quiet:#565b66}}
@media (prefers-color-scheme:dark){{:root{{--tb-ink:#e6e7ea;
--tb-paper:#17181c;--soft:#212329;--rule:#3a3e47;--quiet:#a5abb8}}}}
*{{box-sizing:border-box}}
body{{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;font:1rem/1.55 system-ui,sans-serif;
background:var(--tb-paper);color:var(--tb-ink)}}
h1{{font-size:1.7rem;line-height:1.2;margin:.5rem 0}}
h2{{font-size:1.2rem;margin:2.5rem 0 .75rem}}
p{{max-width:44rem}}
figure{{margin:1.5rem 0}}
figure svg{{display:block;width:100%}}
.quiet,figcaption,caption{{color:var(--quiet);font-size:.92rem}}
.wide{{overflow-x:auto}}
table{{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%;max-width:44rem}}
caption{{text-align:left;padding-bottom:.5rem}}
th,td{{text-align:right;padding:.45rem 0 .45rem 1rem;border-bottom:1px solid var(--rule);white-space:nowrap}}
th:first-child,td:first-child{{text-align:left;padding-left:0}}
thead th{{font-weight:600;color:var(--quiet);white-space:normal}}
@media (max-width:30rem){{table{{font-size:.92rem}}}}
tbody th{{font-weight:600}}
.big{{font-size:1.15rem}}
.answers{{columns:18rem;column-gap:.75rem;padding:0;margin:0;list-style:none}}
.answers li{{break-inside:avoid;margin-bottom:.75rem;background:var(--soft);
border-radius:.5rem;padding:.75rem .9rem;overflow-wrap:anywhere}}
.answers h3{{margin:0 0 .35rem;font-size:.95rem}}
.answers p{{margin:0;white-space:pre-wrap;font-size:.95rem}}
.answers .quiet{{margin-top:.4rem;font-size:.85rem}}
.n{{display:inline-block;min-width:1.6em;text-align:center;border-radius:.3em;margin-right:.4em;padding:0 .25em}}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(title: str, body: str) -> str:
    """Return a whole page in the course's style; `body` is HTML, `title` is text."""
    return _PAGE.format(title=escape(title), body=body)


def figure(
    timelines: Sequence[Timeline], caption: str = "", *, axis: Axis | str = Axis.SECONDS, width: int = WIDTH
) -> str:
    """Return the timelines' picture as a figure with a caption (text)."""
    below = f"\n<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"<figure data-still>\n{render_svg(timelines, axis=axis, width=width)}{below}\n</figure>"


def story(
    timelines: Sequence[Timeline],
    prompts: Sequence[str] = (),
    pieces: Sequence[Sequence[Sequence[str]]] = (),
) -> str:
    """Return the timelines as a player: all on one scale, the slowest in ten seconds.

    prompts: a text for each request, in the order in which they first appear. pieces: for each timeline and request,
    the texts of its tokens. A page has one story, behind a figure for those who have no script.
    """
    requests = all_requests(timelines)
    ways = []
    for number, timeline in enumerate(timelines):
        text = {"text": [list(each) for each in pieces[number]]} if pieces else {}
        ways.append({"label": timeline.label, **encode(Traced(timeline), requests), **text})
    names = short_names(requests)
    shown: dict[str, object] = {"names": [names[each] for each in requests], "ways": ways}
    return embed("story", dump(shown | ({"prompts": list(prompts)} if prompts else {})), STORY)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return a table of text; the first column names its rows."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in columns)
    lines = []
    for row in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        lines.append(f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>')
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>\n'
        f"<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table></div>"
    )


def totals(timelines: Sequence[Timeline], caption: str) -> str:
    """Return the comparison as a table with a column a timeline, which fits a phone."""
    columns = comparison(timelines)
    rows = [[name, *(column[index] for column in columns)] for index, name in enumerate(COLUMNS)]
    return table(rows[0], rows[1:], caption)


COLUMNS = ("", "wall time", "tokens", "tokens/s", "steps", "wasted row-steps", "speed-up")


def comparison(timelines: Sequence[Timeline]) -> list[list[str]]:
    """Return one row of text a timeline, for `COLUMNS`; the speed-up is over the first."""
    rows = []
    for timeline in timelines:
        total = summarise(timeline)
        faster = words.speed_up(timelines[0], timeline)
        rows.append(
            [
                total.label,
                words.seconds(total.seconds),
                f"{total.tokens:,}",
                words.rate(total.tokens_per_second),
                f"{total.steps:,}",
                words.share(total.wasted_row_steps, total.row_steps),
                "–" if faster is None else f"{faster:.2f}×",
            ]
        )
    return rows


def timeline_page(timelines: Sequence[Timeline], *, axis: Axis | str = Axis.SECONDS, width: int = WIDTH) -> str:
    """Return a page with the timelines on one scale and their totals."""
    title = " and ".join(timeline.label for timeline in timelines)
    picture = figure(timelines, axis=axis, width=width)
    boxes = sum(len(spans(timeline, Axis.STEPS)) for timeline in timelines)
    played = story(timelines) if boxes <= MOST_BOXES else ""  # more than that is a picture of shares, not of steps
    return page(title, picture + "\n" + played + totals(timelines, "What it adds up to"))
