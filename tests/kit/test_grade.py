"""A class of made-up submissions, right, wrong, hostile and empty: no point is wrongly given or taken."""

import io
import json
import re
import subprocess
import sys
import time
import zipfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from tiny_batch_kit.authors.coursecheck.folders import reference_with
from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.classroom import contain
from tiny_batch_kit.classroom import grade as grading
from tiny_batch_kit.classroom.contain import has_bubblewrap
from tiny_batch_kit.classroom.exam import SHEETS, cases_of
from tiny_batch_kit.classroom.exam.sheets import written
from tiny_batch_kit.classroom.grade import Graded, Grader, grade_all
from tiny_batch_kit.classroom.judge import Expected, TaskResult, judge_day, same
from tiny_batch_kit.classroom.lean import needed
from tiny_batch_kit.classroom.report import clean, gradescope, page_of, write
from tiny_batch_kit.classroom.signs import copied, reaching
from tiny_batch_kit.classroom.spread import on_ray
from tiny_batch_kit.classroom.stage import split
from tiny_batch_kit.classroom.submissions import Submission, read_submissions
from tiny_batch_kit.course.syllabus import load_course
from tiny_batch_kit.grading.looks_like import Signatures, read_signatures, read_wrong
from tiny_batch_kit.grading.records import Record
from tiny_batch_kit.machine import cluster

pytestmark = pytest.mark.timeout(300)  # a class takes its time on a busy machine

COURSE = load_course()
LAYOUT = Layout.of(ROOT)
DAY = COURSE.day(1)
RIGHT = (ROOT / "src/tiny_batch_ref/roofline.py").read_bytes()
WRONG = re.sub(rb"# task 1\.\d begin.*?# task 1\.\d end", b"return 0", RIGHT, flags=re.DOTALL)
HEAD = b"from __future__ import annotations\n"

HOSTILE = {
    "exits": b"import os\nos._exit(0)\n",
    "leaves early": b"raise SystemExit(0)\n",
    "patches pytest": b"import pytest\npytest.Function.runtest = lambda self: None\n",
    "patches the record": b"from tiny_batch_kit.grading import plugin\nplugin._describe = lambda record, error: None\n",
    "patches expect": b"import tiny_batch_kit.grading.expect as e\n"
    b"e.expect_equal = e.expect_close = e.expect_true = e.expect_raises = lambda *a, **k: None\n",
    "changes modules": b"import sys, types\nfake = types.ModuleType('fake')\n"
    b"fake.__getattr__ = lambda name: (lambda *a, **k: None)\nsys.modules['tiny_batch_kit.grading.expect'] = fake\n",
    "imports the reference": b"from tiny_batch_ref.roofline import *\n",
    "waits for the end": b"import atexit, glob\n"
    b"atexit.register(lambda: [open(f, 'w').write('{}') for f in glob.glob('/tmp/**', recursive=True)])\n",
    "always equal": b"class Yes(float):\n    __eq__ = __le__ = __ge__ = lambda self, other: True\n"
    b"    __ne__ = lambda self, other: False\n"
    b"    def __getattr__(self, name): return self\n    def tolist(self): return self\n",
    "never ends": b"while True: pass\n",
    "speaks without end": b"for _ in range(100): print('x' * 1_000_000)\n",
    "forks": b"import os\nfor _ in range(8): os.fork()\nimport time\ntime.sleep(2)\n",
    "control": b"raise RuntimeError('\\x1b[2J\\x00\\u202e<script>alert(1)</script>')\n",
    "invalid": b"\xff\xfe\x00 = 3\n",
}

GREEDY = {
    "takes memory": b"hoard = []\nwhile True: hoard.append(b'x' * (32 << 20))\n",
    "fills the disk": b"import tempfile\nfor n in range(99):\n"
    b"    with open(f'{tempfile.gettempdir()}/file-{n}', 'wb') as file: file.write(b'x' * (32 << 20))\n",
    "one large file": b"import tempfile\nwith open(f'{tempfile.gettempdir()}/file', 'wb') as file:\n"
    b"    while True: file.write(b'x' * (32 << 20))\n",
}

QUICK = ("exits", "patches pytest", "patches expect", "changes modules", "imports the reference", "never ends", "forks")
"""The tricks that are tried each time; all of them with --soak, in a class of forty."""


def attack(name: str) -> Submission:
    body = WRONG.replace(b"return 0", b"return Yes()") if name == "always equal" else WRONG
    return Submission(name, {"roofline.py": body.replace(HEAD, HEAD + {**HOSTILE, **GREEDY}[name], 1)})


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Grader:
    made = Grader(COURSE, [DAY], "a secret", tmp_path_factory.mktemp("kept"), patience=0.08)
    made.prepare()
    return made


@pytest.fixture(scope="module")
def hostile(grader: Grader) -> dict[str, Graded]:
    return {one.name: one for one in grade_all(grader, [attack(name) for name in QUICK], lambda: None)}


def points(graded: Graded) -> dict[str, float]:
    return {result.task: result.points for result in graded.results}


@pytest.fixture(scope="module")
def lean(tmp_path_factory: pytest.TempPathFactory) -> Grader:
    made = Grader(COURSE, [DAY], "a secret", tmp_path_factory.mktemp("lean"), patience=0.08, lean=True)
    made.prepare()
    return made


def test_a_lean_grade_runs_fewer_tests_and_finds_the_same(grader: Grader, lean: Grader, tmp_path: Path):
    ran, all_ran = (one.expected.tests[1].items() for one in (lean, grader))
    assert {task for _, task in ran} == {task.id for task in DAY.tasks}
    assert ran < all_ran
    for canary, twin in lean.expected.canaries[1].items():
        assert twin in lean.expected.tests[1], canary
    assert lean._places(DAY) == sorted({*lean.expected.tests[1], *lean.expected.canaries[1]})  # not: canaries last
    for file in LAYOUT.wrong(DAY)[::6]:
        text = (reference_with(LAYOUT, file, tmp_path / file.stem) / "roofline.py").read_bytes()
        graded = lean.grade(Submission(file.stem, {"roofline.py": text}))
        assert points(graded)[read_wrong(file).task] == 0, file.stem
    assert lean.grade(Submission("right", {"roofline.py": RIGHT})).points == 4.0
    assert lean.grade(attack("patches expect")).points == 0


def test_slow_tests_go_first_unless_they_alone_see_something():
    signatures = {"1": {"slow": "", "quick": ""}, "2": {"alone": ""}, "3": {"slow": "", "alone": ""}, "4": {"else": ""}}

    def kept(*tests: tuple[str, str, float], known: Signatures = signatures) -> set[str]:
        return needed([Record(f"tests/x/{name}", task, seconds=took) for name, task, took in tests], known)

    tests = [("slow", "1.1", 1.2), ("quick", "1.1", 1.0), ("alone", "1.1", 9.0)]
    assert kept(*tests) == {"tests/x/quick", "tests/x/alone"}
    assert kept(*tests, ("idle", "1.1", 0.1)) == {"tests/x/quick", "tests/x/alone"}
    assert kept(*tests, ("other", "1.2", 5.0)) == {"tests/x/quick", "tests/x/alone", "tests/x/other"}
    assert kept(("a", "1.1", 2.0), ("b", "1.1", 1.0), known={}) == {"tests/x/b"}
    assert kept(("a", "1.1", 2.0), ("b", "1.1", 1.0), known={"1": {"a": "", "b": ""}}) == {"tests/x/b"}
    assert kept() == set()


def test_nobody_is_graded_before_the_reference(tmp_path: Path):
    with pytest.raises(KitError, match="prepare"):
        Grader(COURSE, [DAY], "a secret", tmp_path).grade(Submission("right", {"roofline.py": RIGHT}))


def test_the_reference_gets_all(grader: Grader):
    graded = grader.grade(Submission("right", {"roofline.py": RIGHT}))
    assert (graded.points, graded.most, graded.tried) == (4.0, 4.0, [])


class HereAsRay:
    """What grading wants of Ray, done here: the last call ends first."""

    def remote(self, **_: object):
        return lambda work: SimpleNamespace(remote=lambda *given: partial(work, *given))

    def put(self, thing):
        return thing

    def wait(self, left):
        return left[-1:], left[:-1]

    def get(self, call):
        return call()


def spread_is_as_alone(ray, grader: Grader, tmp_path: Path):
    empty, wrong = Submission("empty", {}), Submission("wrong", {"roofline.py": WRONG})
    asked = [Submission("right", {"roofline.py": RIGHT}), empty, wrong]
    there = Grader(COURSE, [DAY], "a secret", tmp_path / "kept", patience=0.08)
    there.expected = grader.expected
    there.keep(empty, there.examine(empty))  # what is known is not sent
    ticks = []
    found = grade_all(there, asked, lambda: ticks.append(1), on_ray(ray, there))
    alone = grade_all(grader, asked, lambda: None)
    assert [(each.name, points(each), each.tried) for each in found] == [
        (each.name, points(each), each.tried) for each in alone
    ]
    assert len(ticks) == 3
    assert all(there.knows(each) for each in asked)


def test_a_class_on_a_cluster_is_graded_as_here(grader: Grader, tmp_path: Path):
    spread_is_as_alone(HereAsRay(), grader, tmp_path)


@pytest.mark.timeout(240)
def test_a_class_on_ray_is_graded_as_here(grader: Grader, tmp_path: Path):
    if not cluster.is_installed():
        pytest.skip("no Ray: `./scripts/course grade --on ray`, once, installs it (or pdm install -G fleet)")
    with cluster.started(cpus=2) as ray:
        spread_is_as_alone(ray, grader, tmp_path)


def test_another_right_solution_gets_all(grader: Grader, tmp_path: Path):
    folder = reference_with(LAYOUT, LAYOUT.alternatives(DAY)[0], tmp_path / "other")
    graded = grader.grade(Submission("other", {"roofline.py": (folder / "roofline.py").read_bytes()}))
    assert (graded.points, graded.tried) == (4.0, [])


def test_a_wrong_one_loses_its_task_and_is_told_why(grader: Grader, tmp_path: Path):
    wrong = ROOT / "tests/mutants/day_01/keys_without_values.py"
    folder = reference_with(LAYOUT, wrong, tmp_path / "wrong")
    graded = grader.grade(Submission("wrong", {"roofline.py": (folder / "roofline.py").read_bytes()}))
    lost = next(result for result in graded.results if result.task == "1.1")
    assert lost.points == 0
    assert lost.looks_like
    assert "expected:" in lost.messages[0]


@pytest.mark.parametrize(("text", "why"), [(b"def f(:\n", "SyntaxError"), (b"import tiny_bach\n", "tiny_bach")])
def test_what_can_not_be_imported_says_why(grader: Grader, text: bytes, why: str):
    graded = grader.grade(Submission("broken", {"roofline.py": text}))
    assert {result.status for result in graded.results} == {"not run"}
    assert all(why in str(result.messages) and "importlib" not in str(result.messages) for result in graded.results)


def test_nothing_is_no_error(grader: Grader):
    graded = grader.grade(Submission("empty", {}))
    assert (graded.points, {result.status for result in graded.results}) == (0.0, {"not begun"})


@pytest.mark.parametrize("name", QUICK)
def test_no_trick_gains_a_point(hostile: dict[str, Graded], name: str):
    assert hostile[name].points == 0, hostile[name]


@pytest.mark.parametrize("name", ["exits", "patches pytest", "patches expect", "changes modules", "forks"])
def test_the_report_says_what_was_tried(hostile: dict[str, Graded], name: str):
    assert hostile[name].tried


@pytest.mark.parametrize("name", ["patches expect", "always equal"])
def test_canaries_and_the_exam_tell_where_the_text_does_not(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
):
    monkeypatch.setattr(grading, "reaching", lambda files: [])
    monkeypatch.setattr(grader, "kept", tmp_path)
    assert grader.grade(attack(name)).points == 0


def test_who_tampers_with_right_answers_is_not_believed(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(grading, "reaching", lambda files: [])
    monkeypatch.setattr(grader, "kept", tmp_path)
    text = RIGHT.replace(HEAD, HEAD + HOSTILE["patches expect"], 1)
    graded = grader.grade(Submission("both", {"roofline.py": text}))
    assert graded.points == 0
    assert "tampered" in graded.tried[0]


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Grader:
    made = Grader(COURSE, [DAY], "a secret", tmp_path_factory.mktemp("limited"), bubblewrap=False, patience=0.08)
    made.prepare()
    return made


@pytest.mark.parametrize("way", ["grader", "limited"])
def test_memory_and_disk_are_bounded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, way: str):
    """Who takes too much loses his own points only: the next one gets all of his."""
    if not request.config.getoption("--soak"):
        pytest.skip("takes a minute: --soak; each limit by itself is tested below")
    grading_one = request.getfixturevalue(way)
    monkeypatch.setattr(contain, "MOST_MEMORY", 1 << 30)  # a test leaves others some
    got = {name: grading_one.grade(attack(name)) for name in GREEDY}
    assert {name: graded.points for name, graded in got.items()} == dict.fromkeys(GREEDY, 0)
    assert "memory" in str(got["takes memory"].tried)
    assert "disk" in str(got["fills the disk"].tried)
    assert "too large" in str(got["one large file"].results[0].messages)
    assert grading_one.grade(Submission("right", {"roofline.py": RIGHT})).points == 4.0


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("h = []\nwhile True: h.append(b'x' * (4 << 20))", "it took too much memory"),
        ("import os, time\nos.fork(), os.fork()\nh = b'x' * (120 << 20)\ntime.sleep(90)", "it took too much memory"),
        ("n = 0\nwhile True: open(f'f{n}', 'wb').write(b'x' * (4 << 20)); n += 1", "it wrote too much to the disk"),
        ("import os\nos.mkdir('d')\nopen('d/a', 'wb').write(b'x' * (50 << 20))", ""),
    ],
    ids=["memory", "memory-of-several", "disk", "enough"],
)
def test_who_takes_too_much_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, ended: str):
    monkeypatch.setattr(contain, "MOST_MEMORY", 300 << 20)
    monkeypatch.setattr(contain, "MOST_DISK", 100 << 20)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "start_new_session": True, "cwd": tmp_path}
    process = subprocess.Popen([sys.executable, "-S", "-c", text], **pipes)
    try:
        assert contain._read(process, b"", time.monotonic() + 100, tmp_path) == (b"", ended)
    finally:
        contain.end(process.pid)
        process.wait()


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        ({"tests": "", "sheet": ""}, []),
        ({"tests": "-9", "sheet": ""}, ["Day 1: Python was ended in test_a[x]: its time was over"]),
        ({"tests": "-24", "sheet": ""}, ["Day 1: Python was ended in test_a[x]: its time was over"]),
        ({"tests": "too long", "sheet": ""}, ["Day 1: Python was ended in test_a[x]: its time was over"]),
        ({"tests": "3", "sheet": ""}, ["Day 1: Python was ended in test_a[x]: by the code"]),
        ({"tests": "", "sheet": "3"}, ["Day 1: Python was ended in test_a[x]: by the code"]),
    ],
)
def test_where_a_run_was_ended_is_told(ended: dict[str, str], told: list[str]):
    found = {"ended": ended, "running": "tests/a/test_day_01.py::test_a[x]"}
    assert judge_day(COURSE.day(1), found, Expected({}, {1: {}}, {1: {}}), "")[1] == told


def test_a_full_disk_is_told():
    course, expected = COURSE, Expected({}, {1: {}}, {1: {}})
    _, tried = judge_day(course.day(1), {"full": True}, expected, "")
    assert "disk" in tried[0]
    assert judge_day(course.day(1), {"full": 1}, expected, "")[1] == []


def test_what_lies_in_a_folder_is_counted_once(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to(tmp_path / "deep")
    assert 100_000 <= contain.disk_of(tmp_path) < 150_000
    assert contain.disk_of(tmp_path / "gone") == 0


def test_without_bubblewrap_limits_still_hold(limited: Grader):
    right, loop, forks, cheat = grade_all(
        limited,
        [Submission("r", {"roofline.py": RIGHT}), *map(attack, ("never ends", "forks", "imports the reference"))],
        lambda: None,
    )
    assert (right.points, loop.points, forks.points, cheat.points) == (4.0, 0, 0, 0)


@pytest.mark.skipif(not has_bubblewrap(), reason="no bubblewrap here")
def test_there_is_no_network_and_no_reference(grader: Grader):
    text = RIGHT.replace(
        HEAD,
        HEAD + b"import socket, pathlib\n"
        b"assert not list(pathlib.Path('/').glob('**/tiny_batch_ref')), 'reference'\n"
        b"try: socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError: pass\n"
        b"else: raise RuntimeError('network')\n",
        1,
    )
    graded = grader.grade(Submission("looks around", {"roofline.py": text}))
    assert {result.status for result in graded.results} == {"not believed"}  # so it was imported, and found nothing


def test_a_class_of_forty(grader: Grader, request: pytest.FixtureRequest, tmp_path: Path):
    """Right, wrong, hostile and empty: each gets the points of the tasks whose tests it does not fail, or none."""
    if not request.config.getoption("--soak"):
        pytest.skip("takes minutes: --soak")
    signatures, due, members = read_signatures(), dict[str, set[str]](), list[Submission]()
    everything = {task.id for task in DAY.tasks}
    other = reference_with(LAYOUT, LAYOUT.alternatives(DAY)[0], tmp_path / "other")
    for name, text in (("right", RIGHT), ("other", (other / "roofline.py").read_bytes())):
        due[name] = everything
        members.append(Submission(name, {"roofline.py": text}))
    for path in LAYOUT.wrong(DAY)[:22]:
        folder = reference_with(LAYOUT, path, tmp_path / path.stem)
        members.append(Submission(path.stem, {"roofline.py": (folder / "roofline.py").read_bytes()}))
        red = {test.rsplit("/")[-1] for test in signatures[f"day_01/{path.stem}"]}
        tasks = grader.expected.tests[1].items()
        due[path.stem] = everything - {task for place, task in tasks if place.rsplit("/", 1)[-1] in red}
    members += [attack(name) for name in HOSTILE]
    members += [Submission("empty", {}), Submission("junk", {"other.py": b"x"})]
    assert len(members) == 40
    got = {one.name: {r.task for r in one.results if r.points} for one in grade_all(grader, members, lambda: None)}
    assert got == {each.name: due.get(each.name, set()) for each in members}


def test_a_second_time_is_read_from_the_disk(grader: Grader, monkeypatch: pytest.MonkeyPatch):
    first = grader.grade(Submission("right", {"roofline.py": RIGHT}))
    monkeypatch.setattr(grader, "_run", None)
    assert grader.grade(Submission("again", {"roofline.py": RIGHT})).points == first.points


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


def test_a_class_is_read_as_it_comes(tmp_path: Path):
    one = tmp_path / "class" / "tiny-batch-anna"
    (one / "src" / "tiny_batch").mkdir(parents=True)
    (one / "src" / "tiny_batch" / "roofline.py").write_bytes(b"a")
    moodle = tmp_path / "class" / "Ben Hur_123_assignsubmission_file_"
    moodle.mkdir()
    (moodle / "work.zip").write_bytes(zipped({"work/src/tiny_batch/roofline.py": b"b"}))
    (tmp_path / "class" / "cleo.zip").write_bytes(
        zipped({"tiny_batch/roofline.py": b"c", "tests/test_day_01.py": b"!"})
    )
    (tmp_path / "class" / "empty").mkdir()
    (tmp_path / "class" / "broken.zip").write_bytes(b"PK no zip at all")
    (tmp_path / "class" / "submission_metadata.yml").write_text("x")
    found = read_submissions([tmp_path / "class"])
    assert {each.name: each.files for each in found} == {
        "Ben Hur": {"roofline.py": b"b"},
        "broken": {},
        "cleo": {"roofline.py": b"c"},
        "empty": {},
        "tiny-batch-anna": {"roofline.py": b"a"},
    }


def test_what_leads_out_of_an_archive_is_left_out(tmp_path: Path):
    file = tmp_path / "slip.zip"
    link = zipfile.ZipInfo("tiny_batch/link.py")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../tiny_batch/evil.py", b"x")
        archive.writestr("/tiny_batch/root.py", b"x")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("tiny_batch/bomb.py", b"0" * 50_000_000)
        archive.writestr("tiny_batch/slots.py", b"fine")
    (found,) = read_submissions([file])
    assert found.files == {"slots.py": b"fine"}
    assert len(found.notes) == 4


def test_links_in_a_folder_are_not_followed(tmp_path: Path):
    (tmp_path / "me" / "tiny_batch").mkdir(parents=True)
    (tmp_path / "me" / "tiny_batch" / "slots.py").symlink_to("/etc/passwd")
    assert read_submissions([tmp_path])[0].files == {}


def test_every_task_has_a_sheet_and_every_secret_its_cases():
    kernels = {"12.5", "12.6"}  # what they are compiled with is not in the sandbox: their tests alone decide
    assert {task.id for day in COURSE.ready for task in day.tasks} - set(SHEETS) == kernels
    assert cases_of("1.2", "a") == cases_of("1.2", "a") != cases_of("1.2", "b")


def test_an_answer_is_plain_data(monkeypatch: pytest.MonkeyPatch):
    class Yes(float):
        pass

    sheet = SHEETS["1.1"]
    monkeypatch.setitem(SHEETS, "1.1", type(sheet)("1.1", sheet.draw, lambda case: Yes(3), 1))
    assert json.loads(written("1.1", {}))["raised"] == "TypeError"
    assert not same({"is": True}, {"is": 1})
    assert not same({"hole": "x"}, {"hole": "x"})


def test_a_test_and_its_canary_differ_in_one_line():
    import random

    source = (ROOT / DAY.tests).read_text("utf-8")
    first, second, turned = split(source, random.Random(1))
    assert turned
    for name in turned:
        pair = [text[text.index(f"def {name}(") :].split("\n\n\n")[0].strip().splitlines() for text in (first, second)]
        assert sum(a != b for a, b in zip(*pair, strict=True)) == 1


def test_no_right_solution_reaches_for_the_judge():
    reference = {path.name: path.read_bytes() for path in LAYOUT.reference.glob("*.py")}
    others = {str(path): path.read_bytes() for day in LAYOUT.days for path in LAYOUT.alternatives(day)}
    assert reaching(reference) == []
    assert reaching(others) == []


def test_a_copy_with_other_names_is_seen():
    reference = {"roofline.py": RIGHT}
    renamed = RIGHT.replace(b"per_row", b"each_one")
    assert copied({"roofline.py": renamed}, reference, COURSE)[0]
    assert copied({"roofline.py": WRONG}, reference, COURSE)[0] == []


def test_no_text_of_a_submission_becomes_a_page(tmp_path: Path):
    bad = "<script>alert(1)</script>\x1b[2J\u202e"
    results = [TaskResult(task.id, "red", 0.0, 1.0, [bad], [], [bad]) for task in DAY.tasks]
    one = Graded(f"=../{bad}", results, 1.0, [bad], [bad])
    index = write(tmp_path, COURSE, [DAY], [one])
    pages = [index, tmp_path / "students" / page_of(one)]
    for text in (page.read_text("utf-8") for page in pages):
        assert "<script" not in text
        assert "\x1b" not in text
    assert (tmp_path / "grades.csv").read_text("utf-8").splitlines()[1].startswith("'=")
    report = gradescope(one, {task.id: task.title for task in DAY.tasks})
    assert (report["score"], len(report["tests"]), clean(bad) in report["tests"][0]["output"]) == (0.0, 4, True)
