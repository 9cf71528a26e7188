"""The doctor: what is missing is named with its mend, and only what is essential is an error."""

import argparse
import re
import sys
from importlib import metadata

import pytest

from tiny_batch_kit.base import paths
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import doctor
from tiny_batch_kit.commands.doctor import Finding
from tiny_batch_kit.model import checkpoints


def examine(monkeypatch, capsys, *findings):
    monkeypatch.setattr(doctor, "CHECKS", (lambda: list(findings),))
    status = doctor.run(argparse.Namespace())
    return status, capsys.readouterr().out


def lock(folder, monkeypatch, text):
    (folder / "pdm.lock").write_text(text)
    monkeypatch.setattr(paths, "ROOT", folder)


def test_what_is_essential_and_missing_fails_with_its_mend(monkeypatch, capsys):
    status, said = examine(monkeypatch, capsys, Finding("MLX", "is missing", "install it", essential=True))
    assert status == 1
    assert re.search(r"✗ +MLX +is missing", said)
    assert "mend: install it" in said
    assert "Something that the course needs is missing." in said


def test_what_can_be_mended_and_is_not_essential_is_no_failure(monkeypatch, capsys):
    status, said = examine(monkeypatch, capsys, Finding("disk", "1 GB free", "free some"), Finding("Python", "3.11"))
    assert status == 0
    assert re.search(r"! +disk", said)
    assert re.search(r"✓ +Python", said)
    assert "The course runs here." in said


def test_an_old_python_and_an_unknown_platform_are_told(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(sys, "platform", "win32")
    interpreter, platform = doctor.python()
    assert "3.11 or newer" in interpreter.mend
    assert "Linux" in platform.mend
    assert interpreter.essential
    assert platform.essential


def test_other_versions_than_the_tested_ones_are_named(monkeypatch, tmp_path):
    names = "".join(f'[[package]]\nname = "{name}"\nversion = "{metadata.version(name)}"\n' for name in doctor.TESTED)
    lock(tmp_path, monkeypatch, names)
    [finding] = doctor.versions()
    assert not finding.mend
    lock(tmp_path, monkeypatch, names.replace(metadata.version("rich"), "0.0.1"))
    [finding] = doctor.versions()
    assert f"rich {metadata.version('rich')} (tested: 0.0.1)" in finding.found
    assert "pdm sync" in finding.mend


@pytest.mark.parametrize("text", ["", "[[package]", '[[package]]\nname = "rich"\n'])
def test_a_broken_lock_is_a_finding_and_no_traceback(monkeypatch, tmp_path, text):
    lock(tmp_path, monkeypatch, text)
    [finding] = doctor.versions()
    assert finding.mend
    assert not finding.essential


def test_a_missing_package_is_essential(monkeypatch, tmp_path):
    lock(tmp_path, monkeypatch, '[[package]]\nname = "rich"\nversion = "1"\n')
    monkeypatch.setattr(doctor, "TESTED", ("no-such-package-anywhere",))
    [finding] = doctor.versions()
    assert finding.essential
    assert "pdm install" in finding.mend


def test_a_missing_model_is_essential_and_its_mend_is_the_loaders(monkeypatch):
    def gone():
        raise KitError("Install it again.")

    monkeypatch.setattr(checkpoints, "smollm2_file", gone)
    [finding] = doctor.model()
    assert finding.essential
    assert finding.mend == "Install it again."


def test_a_full_disk_is_told(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: argparse.Namespace(free=10**8))
    [finding] = doctor.disk()
    assert finding.mend
