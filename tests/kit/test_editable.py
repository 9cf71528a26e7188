"""What is installed in .venv finds `src`, whatever the folder is called and whatever the locale says."""

import os
import runpy
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest

from tiny_batch_kit.base.paths import ROOT

HOOK = runpy.run_path(str(ROOT / "scripts" / "editable.py"))


def installed(folder: Path, target: str = "editable") -> Path:
    """What pdm-backend writes for a checkout whose `src` is `folder`, after the hook."""
    file = folder.parent / "_editable_impl_tiny_batch.pth"
    file.write_text(str(folder), encoding="utf-8")
    HOOK["pdm_build_update_files"](SimpleNamespace(target=target), {file.name: file, "METADATA": folder / "METADATA"})
    return file


@pytest.mark.parametrize("name", ["kürs", "курс 1", 'it\'s \\ "quoted" ü', "plain"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_folder_of_any_name_is_on_the_path_in_any_locale(tmp_path, name, locale):
    source = tmp_path / name / "src"
    source.mkdir(parents=True)
    (source / "mine_alone.py").write_text("")
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    packages = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    (packages / "tiny_batch.pth").write_bytes(installed(source).read_bytes())
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LANG", "LC_CTYPE")}
    done = subprocess.run(
        [tmp_path / "env" / "bin" / Path(sys.executable).name, "-c", "import mine_alone"],
        env=environment | {"LC_ALL": locale},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_line_that_an_editor_understands_stays_as_it_is(tmp_path):
    source = tmp_path / "src"
    assert installed(source).read_text().strip() == str(source)
    assert installed(tmp_path / "kürs", target="wheel").read_text(encoding="utf-8") == str(tmp_path / "kürs")
