"""Whether course.toml, the reference, the tests and the book speak of the same days and tasks."""

import ast
from pathlib import Path

from tiny_batch_kit.course import Course, Day, Task
from tiny_batch_kit.cutter import functions, regions

HINTS = 3


def syllabus(course: Course, root: Path) -> list[str]:
    """All disagreements, each a sentence that names the file."""
    problems = [f"course.toml: {problem}" for problem in _numbers(course)]
    known = {task.id for day in course.ready for task in day.tasks}
    for day in course.days:
        problems += _ready(day, root) if day.ready else _unready(day, root)
        problems += _imports(day, course, root)
    for path in sorted((root / "src" / "tiny_batch_ref").glob("*.py")):
        for region in regions(path.read_text(encoding="utf-8"), path.name):
            if region.task not in known:
                problems.append(f"{path.name}:{region.begin + 1}: task {region.task} is not in course.toml")
    return problems


def _numbers(course: Course) -> list[str]:
    found = [day.number for day in course.days]
    wanted = list(range(1, len(found) + 1))
    problems = [] if found == wanted else [f"days are numbered {found}"]
    for day in course.days:
        ids = [task.id for task in day.tasks]
        if ids != [f"{day.number}.{count}" for count in range(1, len(ids) + 1)]:
            problems.append(f"the tasks of day {day.number} are numbered {ids}")
    return problems


def _ready(day: Day, root: Path) -> list[str]:
    problems = [] if day.tasks else [f"course.toml: day {day.number} is ready and has no tasks"]
    summary = root / "book" / "src" / "SUMMARY.md"
    for file in (root / day.tests, root / "book" / "src" / day.chapter):
        if not file.exists():
            problems.append(f"day {day.number} is ready, but {file.relative_to(root)} is missing")
    if f"({day.chapter})" not in summary.read_text(encoding="utf-8"):
        problems.append(f"book/src/SUMMARY.md does not list {day.chapter}")
    marked = _marked_tests(root / day.tests)
    for task in day.tasks:
        problems += _task(day, task, root)
        if task.id not in marked.values():
            problems.append(f"{day.tests}: no test is marked with task {task.id}")
    for test, task_id in marked.items():
        if task_id not in {task.id for task in day.tasks}:
            problems.append(f"{day.tests}: {test} is marked with {task_id or 'no task'}")
    return problems


def _task(day: Day, task: Task, root: Path) -> list[str]:
    problems = []
    if task.file not in day.modules:
        problems.append(f"course.toml: task {task.id} is in {task.file}, which is no module of day {day.number}")
    if len(task.hints) != HINTS or not all(hint.strip() for hint in task.hints):
        problems.append(f"course.toml: task {task.id} needs three hints: a nudge, a place, a plan")
    file = root / "src" / "tiny_batch_ref" / task.file
    if not file.exists():
        return [*problems, f"src/tiny_batch_ref/{task.file} is missing, where task {task.id} should be"]
    held = {region.symbol for region in regions(file.read_text(encoding="utf-8"), task.file) if region.task == task.id}
    if held != set(task.symbols):
        problems.append(f"{task.file}: task {task.id} is in {sorted(held)}, but course.toml says {list(task.symbols)}")
    return problems


def _unready(day: Day, root: Path) -> list[str]:
    there = [root / day.tests, *(root / "src" / "tiny_batch_ref" / module for module in day.modules)]
    return [
        f"day {day.number} is not ready, but {file.relative_to(root)} exists: a half-built day teaches nothing"
        for file in there
        if file.exists()
    ]


def _marked_tests(file: Path) -> dict[str, str]:
    """{test: task id}, "" for a test without a task."""
    if not file.exists():
        return {}
    tasks = {}
    for name, node in functions(ast.parse(file.read_text(encoding="utf-8"))):
        if name.startswith("test_"):
            marks = [ast.unparse(decorator) for decorator in node.decorator_list]
            tasks[name] = next((mark.split("'")[1] for mark in marks if mark.startswith("pytest.mark.task('")), "")
    return tasks


def _imports(day: Day, course: Course, root: Path) -> list[str]:
    """A day's modules import their siblings relatively, and only those of the same day or an earlier one."""
    allowed = {module for each in course.days if each.number <= day.number for module in each.modules}
    problems = []
    for module in day.modules:
        file = root / "src" / "tiny_batch_ref" / module
        tree = ast.parse(file.read_text(encoding="utf-8")) if file.exists() else ast.Module([], [])
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1 and f"{node.module}.py" not in allowed:
                problems.append(f"{module}:{node.lineno}: imports {node.module}, of a later day")
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            if any(name.split(".")[0] in ("tiny_batch", "tiny_batch_ref") for name in names):
                problems.append(f"{module}:{getattr(node, 'lineno', 0)}: import siblings relatively: from .padding import …")
    return problems
