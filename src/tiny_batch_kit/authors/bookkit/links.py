"""The built site, page by page: where its links lead, what it loads, what stands empty."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tiny_batch_kit.authors.bookkit.blocks import split_blocks
from tiny_batch_kit.authors.bookkit.problems import Problem


@dataclass
class SitePage(HTMLParser):
    """What matters of one HTML page. links: href of <a>; loads: whatever the browser fetches by itself."""

    ids: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    empty_code: int = 0
    bare_images: list[str] = field(default_factory=list)
    _code: list[str] | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids, links and loads."""
        known = {name: value or "" for name, value in attrs}
        if "id" in known:
            self.ids[known["id"]] += 1
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        elif "href" in known and not known["href"].startswith("#"):
            self.loads.append(known["href"])
        self.loads += [known[name] for name in ("src", "poster", "data") if known.get(name)]
        if tag == "img" and not known.get("alt", "").strip():
            self.bare_images.append(known.get("src", ""))
        if tag == "pre":
            self._code = []

    def handle_data(self, data: str) -> None:
        """Collect what stands in a code block."""
        if self._code is not None:
            self._code.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Count a code block that ends without content."""
        if tag == "pre" and self._code is not None:
            self.empty_code += not "".join(self._code).strip()
            self._code = None


def site_problems(site: Path, pages: dict[str, str]) -> list[Problem]:
    """What is wrong in the built site. pages: the Markdown of each page by its path in book/src."""
    parsed: dict[Path, SitePage] = {}
    problems: list[Problem] = []
    for name, source in pages.items():
        path = (site / name).with_suffix(".html").resolve()
        page = _parse(path, parsed)
        if page is None:
            problems.append(Problem(name, 0, "mdBook made no page of it."))
            continue
        found = [_link_problem(path, link, site, parsed) for link in page.links]
        problems += [
            Problem(name, _line_of(link, source), message)
            for link, message in zip(page.links, found, strict=True)
            if message
        ]
        problems += [Problem(name, _line_of(url, source), message) for url, message in _loads(path, page)]
        problems += [Problem(name, 0, f"The id {each!r} is there {n} times.") for each, n in page.ids.items() if n > 1]
        problems += [Problem(name, _line_of(image, source), "An image has no text.") for image in page.bare_images]
        if page.empty_code:
            problems.append(Problem(name, _empty_fence(source), "A code block is empty."))
    for sheet in sorted(site.rglob("*.css")):
        if re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")):
            problems.append(Problem(sheet.name, 0, "This style sheet loads something from the network."))
    return problems


def _parse(path: Path, parsed: dict[Path, SitePage]) -> SitePage | None:
    if path not in parsed:
        if not path.is_file():
            return None
        page = SitePage()
        page.feed(path.read_text(encoding="utf-8"))
        parsed[path] = page
    return parsed[path]


def _link_problem(path: Path, link: str, site: Path, parsed: dict[Path, SitePage]) -> str | None:
    """Why `link` in the page at `path` leads nowhere, or None. Links to other hosts are not followed."""
    url = urlsplit(link)
    if url.scheme in ("https", "http", "mailto"):
        return None if url.scheme == "mailto" or url.netloc else f"The link {link!r} names no host."
    if url.scheme or url.netloc:
        return f"The link {link!r} has an address that a folder of pages can't have."
    target = (path.parent / unquote(url.path)).resolve() if url.path else path
    shown = link.replace(".html", ".md")
    if not target.is_relative_to(site.resolve()):
        return f"The link {shown!r} leads out of the book."
    if not target.is_file():
        return f"The link {shown!r} leads to a page that does not exist."
    if not url.fragment or target.suffix != ".html":
        return None
    page = _parse(target, parsed)
    if page is None or unquote(url.fragment) in page.ids:
        return None
    return f"The link {shown!r} leads to an anchor that does not exist."


def _loads(path: Path, page: SitePage) -> list[tuple[str, str]]:
    """What the page loads that is not there, or that comes from a network."""
    found = []
    for load in page.loads:
        url = urlsplit(load)
        if url.scheme == "data":
            continue
        if url.scheme or url.netloc:
            found.append((load, f"The page loads {load!r} from the network."))
        elif url.path and not (path.parent / unquote(url.path)).is_file():
            found.append((load, f"The page loads {load!r}, which does not exist."))
    return found


def _line_of(link: str, source: str) -> int:
    """The line of the Markdown that has the link; 0 if it is not found there."""
    for written in (link.replace(".html", ".md"), unquote(link).replace(".html", ".md"), link):
        place = source.find(written)
        if written and place >= 0:
            return source.count("\n", 0, place) + 1
    return 0


def _empty_fence(source: str) -> int:
    return next((block.line for block in split_blocks(source) if block.kind is not None and not block.body.strip()), 0)
