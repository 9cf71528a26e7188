"""The check finds what mdBook passes over, and says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tiny_batch_kit.authors.bookkit.check import check_book
from tiny_batch_kit.authors.bookkit.problems import BookError
from tiny_batch_kit.authors.bookkit.site import build_site

from .conftest import chapter

DAY = "book/src/day-01.md"


def change(book: Path, name: str, old: str, new: str) -> None:
    path = book / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def only_problem(book: Path) -> str:
    problems = check_book(book)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_good_book_has_no_problem(book: Path) -> None:
    assert check_book(book) == []


def test_a_picture_may_fill_the_column_and_code_may_scroll(book: Path) -> None:
    blocks = f"```text\n{'■' * 84}\n```\n\n```bash\n{'a' * 120}\n```\n\n```python\n{'a' * 120}\n```\n\n[To"
    change(book, "book/src/preface.md", "[To", blocks)
    assert check_book(book) == []


@pytest.mark.parametrize(
    ("page", "old", "new", "says"),
    [
        ("preface.md", "day-01.md#quiz", "day-01.md#quizz", "preface.md:5: The link 'day-01.md#quizz'"),
        ("preface.md", "day-01.md#quiz", "day-09.md", "preface.md:5: The link 'day-09.md' leads to a page"),
        ("preface.md", "day-01.md#quiz", "../../course.toml", "leads out of the book"),
        ("preface.md", "(day-01.md#quiz)", "(file:///etc/hosts)", "an address that a folder of pages can't have"),
        ("day-01.md", "(#quiz)", "(#nowhere)", "'#nowhere' leads to an anchor"),
        ("day-01.md", "(#beyond)", "(#nowhere)", "'#nowhere' leads to an anchor"),
        ("preface.md", "[To", "```python\n```\n\n[To", "preface.md:5: A code block is empty"),
        ("preface.md", "[To", "![A picture](figures/none.png)\n\n[To", "preface.md:5: The page loads 'figures"),
        ("preface.md", "[To", "![A](https://example.org/a.png)\n\n[To", "from the network"),
        ("preface.md", "[To", '<i id="a">x</i><i id="a">y</i>\n\n[To', "The id 'a' is there 2 times"),
        ("preface.md", "{{#days}}", "{{#include none.md}}", "preface.md:3: The included file 'none.md'"),
        ("day-01.md", "## Beyond", "## Further", "no part '## Beyond …'"),
        ("preface.md", "[To", f"```text\nslot\n{'■' * 85}\n```\n\n[To", "preface.md:7: A picture of 85 characters"),
        ("preface.md", "[To", f"```\n{'■' * 85}\n```\n\n[To", "preface.md:6: A picture of 85 characters"),
        ("day-01.md", "{{#task 1.1}}", "", "no card of Task 1.1"),
        ("day-01.md", "{{#figure one.svg | A picture.}}", "", "It has no picture"),
        ("day-01.md", "```predict\nHow many?\n\n---\n\nNine.\n```", "", "no ```predict box"),
        ("day-01.md", "Some words.", "About @@N@@ words.", "day-01.md:5: Something is left to fill in"),
        ("SUMMARY.md", "- [Day 1]", "- [Day 2](day-02.md)\n- [Day 1]", "lists day-02.md, which does not"),
        ("figures/one.svg", "<desc>What it shows.</desc>", "", "one.svg has no <desc>"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_placed(book: Path, page: str, old: str, new: str, says: str) -> None:
    change(book, f"book/src/{page}", old, new)
    assert any(says in problem for problem in check_book(book)), check_book(book)


def test_length_and_questions_are_counted(book: Path) -> None:
    (book / DAY).write_text(chapter(words=300, questions=5))
    problems = check_book(book)
    assert any("words without code and quiz" in problem for problem in problems)
    assert any("5 questions" in problem for problem in problems)
    (book / DAY).write_text(chapter(words=2900))
    assert "words without code and quiz" in only_problem(book)


def test_what_does_not_belong_in_the_book_is_named(book: Path) -> None:
    (book / "book/src/draft.md").write_text("# Draft\n")
    assert only_problem(book) == "draft.md: SUMMARY.md does not list this page."
    (book / "book/src/draft.md").rename(book / "book/src/make.py")
    assert "make.py: This does not belong in book/src" in only_problem(book)


def test_a_ready_day_must_be_listed(book: Path) -> None:
    change(book, "book/src/SUMMARY.md", "- [Day 1](day-01.md)\n", "")
    assert any("Day 1 is ready and day-01.md is not listed" in problem for problem in check_book(book))


def test_a_book_without_a_list_is_said_to_be_none(book: Path) -> None:
    (book / "book/src/SUMMARY.md").unlink()
    assert "SUMMARY.md" in only_problem(book)


def test_a_broken_book_is_not_built_but_can_be_drafted(book: Path, tmp_path: Path) -> None:
    change(book, DAY, "{{#task 1.1}}", "{{#task 1.1}}\n\n{{#task 1.8}}\n\n{{#figure none.svg | A}}")
    with pytest.raises(BookError) as error:
        build_site(book, tmp_path / "site")
    assert "day-01.md:32" in str(error.value)
    assert "1.8" in str(error.value)
    assert "none.svg" in str(error.value)
    page = build_site(book, tmp_path / "site", draft=True).with_name("day-01.html").read_text()
    assert page.count('class="book-problem"') == 2


def test_the_preprocessor_itself_refuses_a_broken_page(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(book, DAY, "{{#task 1.1}}", "{{#task 1.8}}")
    monkeypatch.setattr("tiny_batch_kit.authors.bookkit.site.source_problems", lambda root: [])
    with pytest.raises(BookError, match=r"day-01\.md:30"):
        build_site(book, tmp_path / "site")


def test_only_what_pages_need_is_in_the_site(book: Path, tmp_path: Path) -> None:
    (book / "book/src/notes.py").write_text("x = 1\n")
    shutil.copy(book / "course.toml", book / "book/src/figures/notes.toml")
    site = build_site(book, tmp_path / "site").parent
    assert {path.suffix for path in site.rglob("*") if path.is_file()} <= {
        ".html",
        ".css",
        ".js",
        ".svg",
        ".png",
        ".woff2",
        ".txt",
    }
    assert not (site / "figures").exists()


def test_the_course_has_a_good_book() -> None:
    assert check_book() == []
