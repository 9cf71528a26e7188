"""What students hand in, as it comes: folders, zips, and downloads of GitHub Classroom, Moodle and Gradescope.

Only the modules in a folder `tiny_batch` are taken. Nothing is unpacked to the disk, so no path in an archive matters.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path, PurePosixPath

from tiny_batch_kit.base.errors import KitError

MOST_FILES, MOST_BYTES, MOST_ENTRIES = 200, 400_000, 20_000
"""Of one submission: modules, bytes of each, and entries that are looked at."""
MOST_ARCHIVE = 50_000_000
"""Bytes of an archive inside an archive."""

_MODULE = re.compile(r"[A-Za-z_]\w*\.py")
_MOODLE = re.compile(r"^(?P<name>.+)_\d+_assignsubmission_\w+?_?$")
_PACKAGE = "tiny_batch"

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Submission:
    """One student's modules by file name, and what was left out or wrong with the archive."""

    name: str
    files: dict[str, bytes]
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The hash of its contents."""
        digest = sha256()
        for name, data in sorted(self.files.items()):
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()[:24]


@dataclass
class _Found:
    """The modules of a folder or an archive by path, and notes."""

    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_submissions(paths: list[Path]) -> list[Submission]:
    """All submissions behind some paths, by name; names that come twice are numbered.

    A folder without modules of its own holds one submission an entry, as a class's download does; so does an archive
    with several folders. KitError for a path that is neither a folder nor a zip.
    """
    found: list[Submission] = []
    for path in paths:
        if path.is_dir():
            found += _of_folder(path)
        elif path.is_file() and zipfile.is_zipfile(path):
            found += _split(path.stem, _zip(path.read_bytes()))
        else:
            raise KitError(f"{path} is no submission: give a folder, a zip, or a folder of them.")
    named: dict[str, int] = {}
    unique = []
    for each in sorted(found, key=lambda each: each.name):
        named[each.name] = count = named.get(each.name, 0) + 1
        unique.append(Submission(each.name if count == 1 else f"{each.name} ({count})", each.files, each.notes))
    return unique


def _of_folder(folder: Path) -> list[Submission]:
    if any((folder / place / "__init__.py").is_file() for place in ("src/tiny_batch", "tiny_batch", ".")):
        return [_submission(folder.resolve().name, _folder(folder))]
    found = []
    for child in sorted(folder.iterdir()):
        if child.is_symlink() or child.name.startswith((".", "__MACOSX")):
            continue
        if child.is_dir():
            found.append(_submission(child.name, _folder(child)))
        elif child.suffix == ".zip":
            found.append(_submission(child.stem, _zip_or_note(child.read_bytes())))
    return found


def _folder(folder: Path) -> _Found:
    """The modules and the archives below a folder; links are not followed."""
    found = _Found()
    for path in islice(_walk(folder), MOST_ENTRIES):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".zip" and path.stat().st_size <= MOST_ARCHIVE:
            inner = _zip_or_note(path.read_bytes())
            found.files.update({f"{name[:-4]}/{inside}": data for inside, data in inner.files.items()})
            found.notes += inner.notes
        elif path.suffix == ".py":
            with path.open("rb") as file:
                _take(found, name, file.read(MOST_BYTES + 1))
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and path.name not in (".git", ".venv", "__pycache__", "__MACOSX"):
            yield from _walk(path)
        elif path.is_file():
            yield path


def _zip_or_note(data: bytes) -> _Found:
    try:
        return _zip(data)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        return _Found(notes=[f"the archive can't be read: {error}"])


def _zip(data: bytes, depth: int = 1) -> _Found:
    """The modules in an archive, and in those inside it, one deep. No entry is trusted to say how large it is."""
    found = _Found()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist()[:MOST_ENTRIES]:
            name = entry.filename.replace("\\", "/")
            if name.startswith("/") or ".." in PurePosixPath(name).parts or stat.S_ISLNK(entry.external_attr >> 16):
                found.notes.append(f"{name[:100]} in the archive leads out of it, and was left out")
            elif "__MACOSX" in name:
                continue
            elif name.endswith(".py"):
                with archive.open(entry) as file:
                    _take(found, name, file.read(MOST_BYTES + 1))
            elif name.endswith(".zip") and depth:
                with archive.open(entry) as file:
                    inside = file.read(MOST_ARCHIVE + 1)
                inner = _zip(inside, depth - 1) if len(inside) <= MOST_ARCHIVE else _Found()
                found.files.update({f"{name[:-4]}/{each}": text for each, text in inner.files.items()})
                found.notes += inner.notes
    return found


def _take(found: _Found, name: str, data: bytes) -> None:
    path = PurePosixPath(name)
    if not _MODULE.fullmatch(path.name) or {"tests", "tiny_batch_ref", "tiny_batch_kit"} & {*path.parts}:
        return
    if len(data) > MOST_BYTES:
        found.notes.append(f"{name[:100]} has over {MOST_BYTES:,} bytes, and was left out")
    elif len(found.files) < MOST_ENTRIES:
        found.files[name] = data


def _split(name: str, found: _Found) -> list[Submission]:
    """The submissions in an archive: one, or one for each folder at its top if several hold a package."""
    tops = {path.split("/")[0] for path in found.files if f"/{_PACKAGE}/" in path}
    if len(tops) < 2 or any(path.startswith((f"{_PACKAGE}/", f"src/{_PACKAGE}/")) for path in found.files):
        return [_submission(name, found)]
    return [
        _submission(top, _Found({p: data for p, data in found.files.items() if p.startswith(f"{top}/")}, found.notes))
        for top in sorted(tops)
    ]


def _submission(name: str, found: _Found) -> Submission:
    """The modules of the package: of the folder `tiny_batch` nearest to the top, else of the topmost one with any."""
    folders = sorted(
        {str(PurePosixPath(path).parent) for path in found.files}, key=lambda each: (each.count("/"), each)
    )
    packages = [each for each in folders if PurePosixPath(each).name == _PACKAGE]
    chosen = next(iter(packages or folders), "")
    files = {
        PurePosixPath(path).name: data
        for path, data in found.files.items()
        if str(PurePosixPath(path).parent) == chosen
    }
    notes = [*found.notes]
    if len(packages) > 1:
        notes.append(f"holds {len(packages)} folders named tiny_batch: {chosen} was taken")
    if not files:
        notes.append("holds no module of a folder src/tiny_batch")
    moodle = _MOODLE.match(name)
    return Submission(moodle["name"] if moodle else name, dict([*files.items()][:MOST_FILES]), tuple(notes))
