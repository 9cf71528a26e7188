"""A hook of the build: `src` is on the path of .venv whatever the checkout's folder is called.

What is installed is one line in a .pth file, the folder's path. Python before 3.13 reads such a file in the locale's
encoding: under LC_ALL=C a folder called `kürs` ends it before it has begun, and UTF-8 mode changes nothing there. A
line that begins with `import` is run instead, and can say the path's bytes in ASCII. Editors understand only the plain
line, so it stays wherever it can.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def pdm_build_update_files(context: Any, files: dict[str, Path]) -> None:
    """Write each line that is not ASCII otherwise, once pdm-backend has written the .pth of an editable install."""
    if context.target == "editable":
        for file in [file for name, file in files.items() if name.endswith(".pth")]:
            lines = file.read_text(encoding="utf-8").splitlines()
            file.write_text("\n".join(map(in_ascii, lines)) + "\n", encoding="utf-8")


def in_ascii(line: str) -> str:
    """A line of a .pth that puts the same folder on the path, in ASCII."""
    return line if line.isascii() else f"import os, sys; sys.path.append(os.fsdecode({os.fsencode(line)!r}))"
