"""What chapters say of tasks and days, made from course.toml."""

from __future__ import annotations

import html
import re

from tiny_batch_kit.course.syllabus import Course, Task


def render_task(task: Task, day: int) -> str:
    """The card of one task: its heading (anchor `task-2-1`), contract, place, command, first red and hint."""
    number = task.id.partition(".")[2]
    anchor = task_anchor(task.id)
    symbols = ", ".join(f"<code>{html.escape(symbol)}</code>" for symbol in task.symbols)
    rows = [
        ("File", f"<code>src/tiny_batch/{html.escape(task.file)}</code>"),
        ("Write", symbols),
        ("Run", f"<code>pdm run test --day {day} --task {number}</code>"),
        ("At first", inline(task.red)),
        ("Stuck?", f"<code>pdm run hint {task.id}</code> gives a nudge, then a place, then a plan."),
    ]
    listed = "\n".join(f"<div><dt>{term}</dt><dd>{what}</dd></div>" for term, what in rows)
    return (
        f'<section class="task" aria-labelledby="{anchor}">\n\n'
        f"### Task {task.id} · {task.title} {{#{anchor}}}\n\n"
        f'<p class="task-asks">{inline(task.asks)}</p>\n<dl>\n{listed}\n</dl>\n</section>'
    )


def task_anchor(task_id: str) -> str:
    """The heading's id of a task's card."""
    return "task-" + task_id.replace(".", "-")


def render_days(course: Course) -> str:
    """The table of days: number and title (a link where the day is ready), what it teaches, whether it is there."""
    lines = ["| Day | What you can do after it | State |", "| --- | --- | --- |"]
    week = 0
    for day in course.days:
        if day.week != week:
            week = day.week
            lines.append(f"| **Week {week}** | | |")
        title = f"{day.number} · {day.title}"
        title = f"[{title}]({day.chapter})" if day.ready else title
        lines.append(
            f"| {title} | {day.summary.replace('|', chr(92) + '|')} | {'ready' if day.ready else 'to&nbsp;come'} |"
        )
    return "\n".join(lines)


def inline(text: str) -> str:
    """Plain text with `code` and *stress* as HTML."""
    escaped = html.escape(text, quote=False)
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return re.sub(r"(?<!\w)\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", escaped)
