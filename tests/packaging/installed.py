"""What is installed in a virtual environment, called as its user would."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def environment(home: Path, **variables: str) -> Mapping[str, str]:
    """The variables of a user with a workspace, and whose Python looks nowhere else for packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HISTOSCOPE_"))}
    return kept | {"HISTOSCOPE_HOME": str(home)} | variables


def call(program: Path, *words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an empty folder, with a workspace beside it."""
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    return subprocess.run(
        [program, *words],
        cwd=empty,
        env=environment(folder / "home", **variables),
        capture_output=True,
        text=True,
        check=False,
    )
