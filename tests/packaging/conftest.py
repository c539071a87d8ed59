"""The wheel, and virtual environments that have it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from installed import PROJECT

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "build", "dist", "*.egg-info", "screenshots")
)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source tree, made from a copy: setuptools keeps what it built before, such as moved modules."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(PROJECT, folder / "source", ignore=_LEFT_OUT)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "source"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def borrowing(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, and sees all other packages where this Python has them."""
    bin_folder = _new_environment(tmp_path_factory.mktemp("borrowing"))
    (packages,) = bin_folder.parent.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    _pip(bin_folder, "install", "--no-deps", "--no-index", str(wheel))
    return bin_folder


@pytest.fixture(scope="session")
def owning(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which the wheel was installed with all that the dashboard needs."""
    bin_folder = _new_environment(tmp_path_factory.mktemp("owning"))
    _pip(bin_folder, "install", f"histo-core[dashboard] @ {wheel.as_uri()}")
    return bin_folder


def _new_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin"


def _pip(bin_folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
