"""Commands that only read work on a workspace that cannot be written, and say what they do not keep."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from histo_core.data.phantom.dataset import PhantomOptions, build_phantom
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
PHANTOM = ("--dataset", "phantom", "--option", "patches=40", "--option", "patients=8")
Told = subprocess.CompletedProcess[str]


@pytest.fixture
def read_only(workspace: Workspace, tmp_path: Path) -> Iterator[Callable[..., Told]]:
    """Carry out a command on a workspace whose disk is mounted for reading only; root's permissions do not help it."""
    build_phantom(PhantomOptions(patches=40, patients=8), workspace)
    Store.open(workspace)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("there is no mount command")
    if subprocess.run([mount, "--bind", workspace.home, mounted], check=False, capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted for reading only here")
    try:
        subprocess.run([mount, "-o", "remount,ro,bind", mounted], check=True)

        def carry_out(*arguments: str) -> Told:
            return subprocess.run(
                [sys.executable, "-m", "histo_core", *arguments],
                check=False,
                capture_output=True,
                text=True,
                env=os.environ | {"HISTOSCOPE_HOME": str(mounted), "PYTHONPATH": str(PROJECT)},
            )

        yield carry_out
    finally:
        subprocess.run([umount, "--lazy", mounted], check=True)


def test_what_is_found_is_shown_though_it_is_not_kept(read_only: Callable[..., Told]) -> None:
    check = read_only("data", "check", *PHANTOM)
    assert check.returncode == 0, check.stderr
    assert "40 of 96 x 96 pixels" in check.stdout
    assert "Read-only file system. The check of its files is not kept" in check.stderr
    audit = read_only("data", "audit", *PHANTOM)
    assert audit.returncode == 0, audit.stderr
    assert "severity" in audit.stdout
    assert "The audit is not kept" in audit.stderr
    for told in (check, audit):
        assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    "command",
    ["runs list", "experiments list", "data copies", "workspace check", f"data splits {' '.join(PHANTOM)}"],
)
def test_a_command_that_only_reads_says_nothing_of_it(read_only: Callable[..., Told], command: str) -> None:
    told = read_only(*command.split())
    assert "Traceback" not in told.stderr
    assert "Read-only" not in told.stderr
    assert told.returncode == (1 if command == "workspace check" else 0), told.stderr  # it finds open permissions


def test_a_command_that_writes_says_why_it_cannot(read_only: Callable[..., Told]) -> None:
    for command in (("workspace", "check", "--mend"), ("data", "build", "--option", "patches=64")):
        told = read_only(*command)
        assert told.returncode != 0
        assert "Traceback" not in told.stderr
        assert "ead-only" in told.stderr + told.stdout or "readonly" in told.stderr, (command, told)
