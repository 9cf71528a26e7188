"""A run of a day's tests on one screen: a line a task, and for the first red one what to do next."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tiny_batch_kit.base.paths import ROOT, RUN
from tiny_batch_kit.course.syllabus import Day, Task
from tiny_batch_kit.grading.looks_like import all_wrong, looks_like, read_signatures
from tiny_batch_kit.grading.records import Record, Status
from tiny_batch_kit.grading.session import Outcome, status_of

SIGNS = {Status.PASSED: ("✓", "green"), Status.FAILED: ("✗", "red"), Status.HOLE: ("○", "cyan")}


def show(console: Console, day: Day, tasks: Sequence[Task], outcome: Outcome) -> None:
    """Print what came of a run of the tests of some tasks of one day."""
    if outcome.killed_in is not None:
        console.print(_hang(day, outcome.killed_in))
        return
    if outcome.crashed_in is not None:
        console.print(_crash(day, outcome))
        return
    if outcome.ended_in is not None:
        console.print(_ended(day, outcome.ended_in))
        return
    if outcome.collection or not outcome.records:
        console.print(_broken(outcome))
        return
    by_task = {task.id: [record for record in outcome.records if record.task == task.id] for task in tasks}
    for task in tasks:
        console.print(_line(task, by_task[task.id]))
    red = next((task for task in tasks if status_of(by_task[task.id]) is Status.FAILED), None)
    console.print()
    if red is not None:
        console.print(_red(day, red, by_task[red.id], outcome.records))
    else:
        console.print(_next(day, tasks, by_task))
    if outcome.exit_status != outcome.own_status:
        console.print(Text(f"\nAfter the tests {_otherwise(outcome)}", style="yellow"))


def _line(task: Task, records: Sequence[Record]) -> Text:
    """`✓ 2.1 Pad on the left   6 of 6   0.1 s`."""
    status = status_of(records)
    if status is None or status is Status.UNRUN:
        why = "no tests" if status is None else "not run: a test hangs"
        return Text(f"  · {task.id}  {task.title:<36}{why}", style="dim")
    sign, style = SIGNS[status]
    passed = sum(record.status is Status.PASSED for record in records)
    line = Text.assemble("  ", (sign, f"bold {style}"), f" {task.id}  {task.title:<36}")
    if status is Status.HOLE:
        others = sorted({record.hole for record in records if record.hole} - {task.id})
        waits = f"waits for {' and '.join(others)}" if others and task.id not in _holes(records) else "not begun"
        line.append(waits, style="dim")
    else:
        seconds = sum(record.seconds for record in records)
        line.append(f"{passed} of {len(records)} tests   {seconds:.1f} s", style="dim")
    return line


def _holes(records: Sequence[Record]) -> set[str | None]:
    return {record.hole for record in records}


def _red(day: Day, task: Task, records: Sequence[Record], everything: Sequence[Record]) -> RenderableType:
    """The panel of the first failing task: its first failing test, what it looks like, and where to turn."""
    failed = [record for record in records if record.status in (Status.FAILED, Status.TIMEOUT)]
    record = failed[0]
    facts = _facts(task, record)
    for guess in looks_like(task.id, everything, all_wrong(), read_signatures()):
        facts.add_row()
        facts.add_row(Text("looks like", "bold yellow"), Text(guess))
    parts: list[RenderableType] = [facts]
    more = f" · {len(failed) - 1} more red in this task" if len(failed) > 1 else ""
    parts += [
        Text(),
        Text(f"{record.test.rsplit('::', 1)[-1]}{more}", style="dim"),
        Text(f"book/src/{day.chapter} · {RUN} hint {task.id} · --raw shows pytest's own output", style="dim"),
    ]
    return Panel(
        Group(*parts), title=f"[bold]Task {task.id} · {escape(task.title)}[/]", title_align="left", border_style="red"
    )


def _facts(task: Task, record: Record) -> Table:
    """Asked, case, got, expected: or the student's line and the error that it raised."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if record.status is Status.TIMEOUT:
        rows = [
            ("asked", task.asks),
            ("got", "no answer: the test was stopped when its time was up"),
            ("look for", "a loop whose condition never becomes false, or one that never really waits"),
            ("in", _short(record.where)),
        ]
    elif record.asked:
        rows = [("asked", record.asked), ("case", record.case), ("got", record.got), ("expected", record.expected)]
    else:
        error = f"{record.error}: {record.message}" if record.message else record.error
        rows = [("asked", task.asks), ("got", error), ("at", f"{_short(record.where)}  {record.line}".strip())]
    for name, value in rows:
        if value:
            table.add_row(name, Text(value))
    return table


def _next(day: Day, tasks: Sequence[Task], by_task: dict[str, list[Record]]) -> RenderableType:
    """Nothing is red: say what is next."""
    open_tasks = [task for task in tasks if status_of(by_task[task.id]) is Status.HOLE]
    if not open_tasks and any(status_of(by_task[task.id]) in (None, Status.UNRUN) for task in tasks):
        return Text("What ran is green, but not every task was tested.")
    last = day.tasks.index(tasks[-1])
    if not open_tasks and len(tasks) < len(day.tasks):
        done = f"Task {tasks[-1].id} is green. "
        if last + 1 < len(day.tasks):
            after = day.tasks[last + 1]
            return Text(f"{done}Next: Task {after.id}, {after.title}. The whole day: {RUN} test --day {day.number}")
        return Text(f"{done}The whole day: {RUN} test --day {day.number}")
    if not open_tasks:
        return Text(f"All green. Day {day.number}'s experiment runs your code: {RUN} bench --day {day.number}")
    first = open_tasks[0]
    if len(tasks) < len(day.tasks):
        begun = f"Task {first.id} is not begun. "
    elif len(open_tasks) == len(tasks):
        begun = "Nothing is written yet, so everything is open. That is how a day begins.\n"
    else:
        begun = "No test is red. "
    return Text(
        f"{begun}Next: Task {first.id}, {', '.join(first.symbols)} in src/tiny_batch/{first.file}.\n"
        f"Read book/src/{day.chapter}; a nudge: {RUN} hint {first.id}"
    )


def _hang(day: Day, test: str) -> Panel:
    """A run that had to be killed."""
    what = test.rsplit("::", 1)[-1] or "Importing your code"
    text = (
        f"{what} did not come to an end, and was stopped.\n"
        "Most likely it is a loop whose condition never becomes false. Which of its values should change, and does it?"
    )
    return Panel(Text(text), title=f"[bold]Day {day.number} hangs[/]", title_align="left", border_style="red")


def _crash(day: Day, outcome: Outcome) -> Panel:
    """A run in which Python itself died."""
    where = (outcome.crashed_in or "").rsplit("::", 1)[-1]
    text = f"Python died {f'in {where}' if where else 'while importing your code'}: {_signal(-outcome.exit_status)}.\n"
    if outcome.exit_status == -signal.SIGKILL:
        text += "Most likely the memory was full. Which list or array grows without end?"
    else:
        text += "--raw shows where."
    return Panel(Text(text), title=f"[bold]Day {day.number} crashes[/]", title_align="left", border_style="red")


def _ended(day: Day, test: str) -> Panel:
    """A run that the student's code has ended before pytest could."""
    where = test.rsplit("::", 1)[-1]
    text = (
        f"{where or 'Importing your code'} ended Python before the tests were over, so nothing was counted.\n"
        "Look for os._exit, pytest.exit or KeyboardInterrupt in src/tiny_batch, and remove it:\n"
        "a function that is asked for an answer returns it, or raises an error."
    )
    return Panel(Text(text), title=f"[bold]Day {day.number} was cut short[/]", title_align="left", border_style="red")


def _otherwise(outcome: Outcome) -> str:
    """How Python ended, if not as pytest wanted."""
    status = outcome.exit_status
    how = f"died: {_signal(-status)}" if status < 0 else f"ended with status {status}, not with pytest's"
    return f"Python {how}. Look for os._exit or atexit in src/tiny_batch. Only the tests count."


def _signal(number: int) -> str:
    """`killed (signal 9)`, or the number alone for one without a name."""
    name = signal.strsignal(number) if number in set(signal.Signals) else None
    return f"{name.lower()} (signal {number})" if name else f"signal {number}"


def _broken(outcome: Outcome) -> Panel:
    """No test ran: a file of the student's can't be imported, or pytest itself refused."""
    if outcome.collection or "INTERNALERROR> SystemExit" in outcome.output:  # the code ends Python as it is imported
        text = import_error("\n".join(outcome.collection) or outcome.output.replace("INTERNALERROR> ", ""))
        title = "Your code can't be imported"
    else:
        text, title = "\n".join(outcome.output.strip().splitlines()[-12:]), "No test was run"
    return Panel(Text(text), title=f"[bold]{title}[/]", title_align="left", border_style="red")


def import_error(text: str) -> str:
    """File, line and message of the error behind a failed import; the last lines of pytest's output if unknown."""
    lines = [re.sub(r"^E\s+", "", line) for line in text.splitlines()]
    errors = [line.strip() for line in lines if re.match(r"\s*(\w*(Error|Exception)\b.*|SystemExit):", line)]
    places = re.findall(r'File "([^"]+)", line (\d+)', "\n".join(lines)) or re.findall(
        r"^(\S+\.py):(\d+):", "\n".join(lines), re.MULTILINE
    )
    if not errors:
        return "\n".join(lines[-12:])
    place = f"{_short(':'.join(places[-1]))}\n" if places else ""
    missing = re.search(r"(?:No module named '|from ')tiny_batch\.(\w+)'", errors[-1])
    mend = f"\nTo put the starter's file back (yours is kept): {RUN} reset --file {missing[1]}.py" if missing else ""
    return f"{place}{errors[-1]}{mend}"


def _short(where: str) -> str:
    """A path as seen from the checkout."""
    return where.replace(f"{Path(ROOT)}/", "")
