"""``workspace``: what is told, and the exit codes; and an empty root."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from histo_core.config import RunConfig
from histo_core.private_files import private_files
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

Call = Callable[..., Any]


@pytest.fixture
def queued(workspace: Workspace) -> str:
    """A waiting run."""
    with private_files():
        store = Store.open(workspace)
        run = store.enqueue(RunConfig(), data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="first")
    return run.run_id


def test_a_check_tells_each_finding_what_helps_and_whether_all_is_well(
    workspace: Workspace, queued: str, call: Call
) -> None:
    well = call("workspace", "check")
    assert (well.code, well.out.splitlines()[-1]) == (0, "All is well.")
    assert "1 runs, 0 experiments, 0 predictions" in well.out
    workspace.database.unlink()
    found = call("workspace", "check")
    assert found.code == 1
    assert "histoscope.sqlite: The database is missing. [--mend puts it right.]" in found.out
    assert not workspace.database.exists()
    assert "Folders of runs are there without rows" in call("runs", "list").out
    mended = call("workspace", "check", "--mend")
    assert (mended.code, mended.out.splitlines()[-1][:3]) == (0, "All")
    assert f"runs/{queued}: It has no row in the database. [mended]" in mended.out
    assert "first" in call("runs", "list").out


def test_a_finding_that_is_left_says_what_to_do(workspace: Workspace, queued: str, call: Call) -> None:
    (workspace.runs / "nothing").mkdir(mode=0o700)
    (workspace.runs / "nothing" / "file").touch(mode=0o600)
    found = call("workspace", "check", "--mend")
    assert found.code == 1
    assert "remove the folder.]" in found.out
    assert "1 findings are left." in found.out


def test_backup_and_restore_tell_what_is_in_and_what_is_not(
    workspace: Workspace, queued: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.home / "weights").mkdir()
    made = call("workspace", "backup", str(tmp_path / "b.tar"))
    assert made.code == 0, made.err
    assert "Left out: weights, 0.0 MB. Published weights" in made.out
    again = call("workspace", "restore", str(tmp_path / "b.tar"), "--to", str(tmp_path / "again"))
    assert again.code == 0, again.err
    assert f"HISTOSCOPE_HOME={tmp_path / 'again'} python -m histo_core workspace check --mend" in again.out
    monkeypatch.setenv("HISTOSCOPE_HOME", str(tmp_path / "again"))
    assert "first" in call("runs", "list").out
    refused = call("workspace", "restore", str(tmp_path / "b.tar"), "--to", str(tmp_path / "again"))
    assert (refused.code, "is not empty" in refused.err) == (2, True)


@pytest.mark.parametrize("command", ["data check", "data audit", "train"])
def test_an_empty_root_is_refused(call: Call, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "benign").mkdir()
    monkeypatch.chdir(tmp_path)
    refused = call(*command.split(), "--dataset", "folder", "--root", "")
    assert (refused.code, "The path is empty." in refused.err) == (2, True)
