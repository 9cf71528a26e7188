"""The players of the book: what they show is what the course's own code did, in a real browser, at every setting."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.shows import players
from tiny_batch_kit.shows.players import Chapter
from tiny_batch_kit.timeline.events import Event, Kind
from tiny_batch_kit.timeline.player import CHAPTER, FOLDER

CHAPTERS = players.chapters()
pytestmark = pytest.mark.usefixtures("reference")
by_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda each: each.name)


def test_the_traces_are_what_the_reference_does() -> None:
    """In a process of its own: this one may have another implementation installed."""
    command = [sys.executable, str(ROOT / "scripts" / "make_traces.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@by_chapter
def test_a_chapter_has_its_player_and_it_is_small(chapter: Chapter) -> None:
    assert f"\n{{{{#player {chapter.name}}}}}\n" in (ROOT / "book" / "src" / f"{chapter.name}.md").read_text()
    parts = [players.path(chapter), FOLDER / "player.css", *(FOLDER / f"{name}.js" for name in CHAPTER)]
    assert sum(part.stat().st_size for part in parts) < 300_000


# What must be said of each frame, from the events of a run alone: nothing here knows how it is coded.


ROWS = (Kind.PREFILL, Kind.DECODE, Kind.WASTED, Kind.IDLE)


class Told:
    """Goes through a timeline's events, and says each step as the player must."""

    def __init__(self, chapter: Chapter, setting: players.Setting) -> None:
        self.jobs = {job.id: job for job in chapter.jobs(setting)}
        with ThreadPoolExecutor(1) as thread:  # playwright has an event loop in this one
            self.traced = thread.submit(chapter.run, setting, list(self.jobs.values())).result()
        self.made = dict.fromkeys(self.jobs, 0)
        self.holders: dict[int, str | None] = dict.fromkeys(range(self.traced.timeline.slots))
        self.gone: set[str | None] = set()
        self.at: dict[tuple[Kind, int], list[Event]] = defaultdict(list)
        for event in self.traced.timeline.events:
            self.at[event.kind, event.step].append(event)

    def steps(self) -> list[list[str]]:
        return [self.step(step) for step in self.traced.timeline.of(Kind.STEP)]

    def step(self, step: Event) -> list[str]:
        number = step.step
        back = [event.request for event in self.at[Kind.PREEMPT, number]]
        ended = [event.request for event in self.at[Kind.FINISH, number + 1]]
        rows = {row.slot: row for kind in ROWS for row in self.at[kind, number]}
        for slot, holder in self.holders.items():
            row = rows.get(slot)
            if row is not None and row.request and row.kind is not Kind.WASTED:
                self.holders[slot] = row.request
                self.made[row.request] += row.sampled
            elif holder in self.gone or holder in back:
                self.holders[slot] = None
        said = [f"{name} is sent back to the queue." for name in back]
        said += [f"{name} finishes." for name in ended]
        said += [f"Slot {slot}: {self.slot(rows.get(slot), holder)}." for slot, holder in self.holders.items()]
        self.gone |= set(ended)
        busy = self.gone | set(self.holders.values()) | {row.request for row in rows.values()}
        waiting = [job.id for job in self.jobs.values() if job.arrival <= step.start + 1e-6 and job.id not in busy]
        said.append(f"Waiting: {listed(waiting)}." if waiting else "Nobody waits.")
        if "budget" in self.traced.facts:
            said.append(f"Tokens: {step.tokens} of {self.traced.facts['budget']} were spent.")
        if "memory" in self.traced.facts:
            said.append(f"Memory: {self.traced.used[number]} of {self.traced.facts['memory']} tokens.")
        return said + self.pages(number)

    def slot(self, row: Event | None, holder: str | None) -> str:
        if row is None or row.kind is Kind.IDLE:
            return f"{holder} stands still" if holder else "empty"
        if row.kind is Kind.WASTED:
            return f"computed for nobody, {row.request} has finished" if row.request else "computed for nobody"
        name = row.request or ""
        token = f"token {self.made[name]} of {self.jobs[name].output_tokens}"
        if row.kind is Kind.DECODE:
            return f"{name} gets {token}"
        read = f"{name} reads {row.tokens} token{'' if row.tokens == 1 else 's'}"
        return f"{read} and gets {token}" if row.sampled else read

    def pages(self, step: int) -> list[str]:
        """For each owner, the pages one by one: `0, 1, 2`."""
        owned: dict[str, list[str]] = {}
        for number, (kept, users) in enumerate(self.traced.pages.get(step, ())):
            name = listed(list(users)) or ("nobody, but kept" if kept else "free")
            owned.setdefault(name, []).append(str(number))
        return [f"{name}: {', '.join(numbers)}" for name, numbers in owned.items()]


def listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)


def shown(page: Any) -> tuple[str, list[str]]:
    """The lead and the sentences that the player shows."""
    lead, *sentences = page.evaluate(SHOWN)
    return lead, sentences


SHOWN = '() => [...document.querySelectorAll(".tb-lead, .tb-words li")].map((each) => each.innerText)'

# Presses Next until nothing changes; returns what is shown each time.
WALK = """
() => {
    const shown = () => [...document.querySelectorAll(".tb-lead, .tb-words li")].map((each) => each.textContent);
    const next = [...document.querySelectorAll(".tb-buttons button")].find((each) => each.textContent === "Next");
    const out = [shown()];
    for (;;) {
        next.click();
        const now = shown();
        if (now[0] === out.at(-1)[0]) return out;
        out.push(now);
    }
}
"""


def plain(sentences: list[str]) -> list[str]:
    """Without arrivals, the finished ones, totals and a chapter's own sentences; pages one by one."""
    out: list[str] = []
    for each in sentences:
        if each.startswith(("Pages. ", "Blocks. ")):
            for part in each.split(". ", 1)[1].rstrip(".").split("; "):
                name, numbers = part.split(": ")
                single: list[str] = []
                for piece in numbers.split(", "):
                    first, _, last = piece.partition(" to ")
                    single += [str(number) for number in range(int(first), int(last or first) + 1)]
                out.append(f"{name}: {', '.join(single)}")
        elif each.startswith(("Slot ", "Waiting: ", "Nobody waits", "Tokens: ", "Memory: ")) or each.endswith(
            (" finishes.", " is sent back to the queue.")
        ):
            out.append(each)
    return out


@pytest.fixture
def player(open_page: Any) -> Any:
    """Open a chapter and set its sliders; questions are off."""

    def opened(chapter: Chapter, places: list[int], **options: Any) -> Any:
        page = open_page(f"{chapter.name}.html", **options)
        page.locator(".tb-toggle input").uncheck()
        choose(page, places)
        return page

    return opened


def choose(page: Any, places: list[int]) -> None:
    """Move the sliders."""
    for control, place in zip(page.locator(".tb-slider :is(input, select)").all(), places, strict=True):
        if control.evaluate("each => each.tagName") == "SELECT":
            control.select_option(index=place)
        else:
            control.fill(str(place))


def some(chapter: Chapter) -> list[list[int]]:
    """All sliders at their first value, at their last, and as the page begins."""
    ends = [[0] * len(chapter.sliders), [len(each.values) - 1 for each in chapter.sliders]]
    return [*ends, [each.start for each in chapter.sliders]]


@by_chapter
def test_what_is_shown_is_what_happened(player: Any, chapter: Chapter) -> None:
    page = player(chapter, [each.start for each in chapter.sliders])
    for places in some(chapter):
        choose(page, places)
        page.get_by_role("button", name="First", exact=True).click()
        setting = {each.key: each.values[place] for each, place in zip(chapter.sliders, places, strict=True)}
        frames, wanted = page.evaluate(WALK), Told(chapter, setting).steps()
        steps = [frame for frame in frames if not frame[0].startswith("No step runs")]
        assert len(steps) == len(wanted)
        for number, ((lead, *sentences), said) in enumerate(zip(steps, wanted, strict=True), 1):
            assert lead.startswith(f"Step {number} of {len(wanted)}, "), setting
            assert plain(sentences) == said, (setting, lead)
        for _, *sentences in (frame for frame in frames if frame not in steps):
            assert all(each.endswith(": empty.") for each in sentences if each.startswith("Slot "))
        assert frames[-1][-1].startswith("All done after")


def test_keys_go_forward_and_back_and_the_page_stays(player: Any) -> None:
    page = player(CHAPTERS[0], [2, 0])
    page.get_by_role("button", name="Next", exact=True).focus()
    first = shown(page)
    page.keyboard.press("ArrowRight")
    second = shown(page)
    assert second[0].startswith("Step 2 ")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == first
    page.keyboard.press("End")
    assert "All done" in shown(page)[1][-1]
    page.keyboard.press("Home")
    assert shown(page) == first
    page.locator(".tb-stage").focus()
    page.keyboard.press("ArrowRight")
    assert shown(page) == second
    page.get_by_label("Place in the run").focus()
    page.keyboard.press("ArrowRight")
    assert shown(page)[0].startswith("Step 3 ")
    assert page.url.endswith("day-02.html")


def test_it_plays_in_silence_and_tells_where_it_stops(player: Any) -> None:
    page = player(CHAPTERS[0], [2, 0])
    words = page.locator(".tb-words")
    page.locator(".tb-stage").focus()
    page.keyboard.press("Space")
    assert words.get_attribute("aria-live") == "off"
    page.wait_for_function("document.querySelector('.tb-lead').textContent.startsWith('Step 2')")
    page.keyboard.press("Space")
    assert words.get_attribute("aria-live") == "polite"
    assert page.get_by_role("button", name="Play").is_visible()


def test_touch_works_on_a_phone(player: Any) -> None:
    page = player(CHAPTERS[0], [2, 0], window={"width": 390, "height": 844}, has_touch=True)
    page.get_by_role("button", name="Next", exact=True).tap()
    assert shown(page)[0].startswith("Step 2 ")


@by_chapter
def test_a_question_comes_first_and_says_why(open_page: Any, chapter: Chapter) -> None:
    page = open_page(f"{chapter.name}.html")
    trace = json.loads(players.path(chapter).read_text())
    place = 0
    for slider in trace["sliders"]:
        place = place * len(slider["values"]) + slider["start"]
    following, box = page.get_by_role("button", name="Next", exact=True), page.locator(".tb-predict")
    for number, (frame, slot, right, *choices) in enumerate(trace["runs"][place]["q"][:5]):
        assert 3 <= len(choices) <= 4
        page.get_by_label("Place in the run").fill(str(frame))
        before = shown(page)
        following.click()
        assert f"what does slot {slot} do" in box.inner_text()
        assert shown(page) == before  # nothing is told yet
        wrong = choices[choices.index(right) - 1]
        guess = right if number % 2 == 0 else wrong
        box.get_by_role("button").nth(choices.index(guess)).click()
        verdict = box.inner_text()
        assert verdict.startswith("Right." if guess == right else "Not this time.")
        lead, sentences = shown(page)
        assert lead != before[0]
        said = next(each for each in sentences if each.startswith(f"Slot {slot}:"))
        assert said in verdict
        assert len(verdict.split(said)[1].strip()) > 10, verdict  # and why
        assert "{" not in verdict
        assert "undefined" not in verdict


def test_a_question_can_be_skipped_and_turned_off_for_good(open_page: Any) -> None:
    page = open_page("day-07.html")
    following, box = page.get_by_role("button", name="Next", exact=True), page.locator(".tb-predict")
    while not box.inner_text():
        following.click()
    before = shown(page)[0]
    following.click()  # going on is an answer, too
    assert shown(page)[0] != before
    assert not box.inner_text()
    page.get_by_label("Predict first").uncheck()
    page.reload()
    assert not page.get_by_label("Predict first").is_checked()


def test_without_a_script_the_figures_stand_alone(open_page: Any) -> None:
    page = open_page("day-07.html", java_script_enabled=False)
    assert not page.locator(".tb-player").is_visible()
    assert page.locator(".picture svg").first.is_visible()


@pytest.mark.parametrize("theme", ["light", "rust", "coal", "navy", "ayu"])
def test_words_stand_out_in_every_theme(open_page: Any, theme: str, pale: str) -> None:
    page = open_page("day-12.html")
    page.evaluate("theme => { localStorage.setItem('mdbook-theme', theme); }", theme)
    page.reload()
    page.get_by_role("button", name="Last", exact=True).click()
    assert page.evaluate(pale) == []


def test_the_scripts_are_small_and_ask_nobody() -> None:
    for path in sorted(Path(FOLDER).glob("*.js")):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 250, path.name
        assert "</script" not in text
        assert not any(word in text for word in ("fetch(", "XMLHttpRequest", "import(", "https://")), path.name
