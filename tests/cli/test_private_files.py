"""All that lies in a workspace is its user's alone; what the user asks for elsewhere follows the user's umask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from histo_core.files import write_atomically
from histo_core.private_files import private_files, shared_files
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
SMALL = ("--model", "cnn_narrow", "--crop", "32", "--epochs", "1", "--device", "cpu", "--threads", "1")


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _histoscope(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "histo_core", *arguments],
        env=os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        check=False,
        capture_output=True,
        text=True,
        umask=0o022,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_an_experiment_a_job_a_prediction_and_an_export_leave_nothing_open(
    workspace: Workspace, tmp_path: Path
) -> None:
    data = ("--dataset", "phantom", "--option", "patches=40", "--option", "patients=8")
    started = _histoscope("experiments", "start", *data, *SMALL, "--repeats", "2")
    _histoscope("experiments", "show", started.split()[-1], "--wait")
    (run, _) = sorted(folder.name for folder in workspace.runs.iterdir())
    _histoscope("predict", run, *data, "--option", "seed=5", "--out", str(tmp_path / "predicted.csv"))
    _histoscope("data", "export", *data, "--out", str(tmp_path / "out"))
    job = "from histo_core.jobs.api import *; from histo_core.workspace import Workspace as W; import os, time;"
    job += "os.umask(0o022); p = {'data': {'dataset': 'phantom', 'options': {'patches': 40, 'patients': 8}}};"
    job += "start_job('check', p, W.default())\nwhile find_job('check', p, W.default()).active: time.sleep(0.1)\n"
    job += "assert find_job('check', p, W.default()).state == 'succeeded'"
    subprocess.run([sys.executable, "-c", job], check=True, env=os.environ | {"PYTHONPATH": str(PROJECT)})
    made = {path: _mode(path) for path in (workspace.home, *workspace.home.rglob("*"))}
    assert len(made) > 40
    assert {path for path, mode in made.items() if mode & 0o077 and "jobs" not in path.parts} == set()
    assert _mode(tmp_path / "predicted.csv") == 0o644
    assert {_mode(path) for path in (tmp_path / "out").rglob("*")} == {0o644, 0o755}


def test_the_users_own_umask_comes_back(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with private_files():
            write_atomically(tmp_path / "private", b"")
            with shared_files():
                write_atomically(tmp_path / "shared", b"")
            write_atomically(tmp_path / "again", b"")
        write_atomically(tmp_path / "after", b"")
    finally:
        assert os.umask(before) == 0o027
    assert [_mode(tmp_path / name) for name in ("private", "shared", "again", "after")] == [0o600, 0o640, 0o600, 0o640]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_without_a_private_block_nothing_changes(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with shared_files():
            write_atomically(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert _mode(tmp_path / "a") == 0o666 & ~mask
