"""A disk that is full, over quota or broken at any write call costs what was being written, and nothing else."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from failing_disk import FailingDisk, Outcome
from operations import BACKUP, DATA, OPERATIONS, OTHER, config

from histo_core.data.opening import prepare_dataset
from histo_core.files import read_json
from histo_core.maintenance import leftovers
from histo_core.maintenance.backup import back_up
from histo_core.maintenance.check import check_workspace
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.private_files import private_files
from histo_core.runs.api import launch
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

CODES = {errno.ENOSPC: False, errno.EDQUOT: False, errno.EIO: True}
"""The codes, and whether only one call is refused: space is lacking until it is freed, a sector is broken once."""
WORDS = ("No space left", "Disk quota exceeded", "Input/output error", "disk is full", "disk I/O error")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished run, a waiting one and a backup."""
    root = tmp_path_factory.mktemp("before")
    made = Workspace(root / "home", extra_roots=(root,))
    with private_files():
        for data in (DATA, OTHER):
            prepare_dataset(data, made)
        done = launch(config(), made, name="done", start_supervisor=False)
        assert work(done.run_id, made) == 0
        launch(config(seed=1), made, name="waits", start_supervisor=False)
        back_up(made, root / BACKUP)
    return root


@pytest.fixture(scope="module")
def disk() -> Iterator[FailingDisk]:
    with FailingDisk() as server:
        yield server


@dataclass
class Counted:
    """What was really tried on one operation."""

    operation: str
    calls: int
    refusals: int = 0
    told: int = 0
    repeated: int = 0

    def __str__(self) -> str:
        return (
            f"{self.operation}: {self.calls} write calls, {self.refusals} times one was refused ({self.told} of them "
            f"told to the user, the others logged), {self.repeated} times done again afterwards; nothing was lost"
        )


def _start(before: Path, tmp_path: Path, operation: str) -> Path:
    root = tmp_path / "disk"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(before, root)
    if operation == "mend":
        (root / "home" / "histoscope.sqlite").unlink()
        for file in (root / "home" / "runs").rglob("*"):
            file.chmod(0o755)
    return root


def _try(disk: FailingDisk, before: Path, tmp_path: Path, operation: str, at: int, code: int) -> Outcome:
    root = _start(before, tmp_path, operation)
    outcome = disk.carry_out(operation, root, at, code, once=CODES[code])
    log = root.with_name("disk.log")
    where = f"{operation}, write call {at}, {errno.errorcode[code]}: {outcome}\n{log.read_text()[-3000:]}"
    assert not outcome.trace, where
    assert "Unexpected error" not in outcome.message, where
    if outcome.message:
        assert any(word in outcome.message for word in WORDS), where
    assert "Traceback" not in log.read_text(), where
    log.unlink()
    _check_state(root, where)
    return outcome


def _check_state(root: Path, where: str) -> None:
    """Everything that was there can be read, nothing half-made is taken for whole, and what is left is mended."""
    home = Workspace(root / "home", extra_roots=(root,))
    for name in ("folders", "again", "table.parquet", "new.tar"):
        made = root / name
        assert not made.exists() or not list(made.rglob("*.part")), where
    for file in home.home.rglob("[!.]*.json"):
        if not any(part.startswith(".") for part in file.relative_to(home.home).parts):
            read_json(file)
    found = check_workspace(home, mend=True)
    assert found.well, f"{where}\n{found.findings}"
    runs = Store.open(home).runs()
    assert {"done", "waits"} <= {run.name for run in runs} or "renamed" in {run.name for run in runs}, where
    assert RunStatus.UNREADABLE not in {run.status for run in runs}
    for run in runs:
        folder = home.run_folder(run.run_id) / "checkpoint"
        if (manifest := read_manifest(folder)) is not None:
            read_tensors(folder / manifest.last.file, manifest.last.sha256)


def _go_on(disk: FailingDisk, tmp_path: Path, operation: str, where: str) -> None:
    """With room on the disk, what was refused is done."""
    root = tmp_path / "disk"
    home = Workspace(root / "home", extra_roots=(root,))
    if operation == "run":
        store = Store.open(home)
        for run in store.runs():
            if run.status.resumable:
                store.requeue(run.run_id)
        if not store.queue():  # it had ended well
            return
    for name in ("folders", "again"):
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("table.parquet", "new.tar"):
        (root / name).unlink(missing_ok=True)
    again = disk.carry_out(operation, root, 0)
    assert (again.kind, again.message) == ("", ""), f"{where}, tried again: {again}"


def _sweep(disk: FailingDisk, before: Path, tmp_path: Path, operation: str, step: int) -> Counted:
    """Refuse every write call with every code; or every ``step``-th, with one code after the other."""
    whole = disk.carry_out(operation, _start(before, tmp_path, operation), 0)
    assert (whole.kind, whole.message) == ("", ""), f"{operation}: {whole}"
    counted, codes = Counted(operation, whole.calls), list(CODES)
    for place, at in enumerate(range(1, whole.calls + 1, step)):
        for code in codes if step == 1 else [codes[place % len(codes)]]:
            outcome = _try(disk, before, tmp_path, operation, at, code)
            counted.refusals += 1
            counted.told += bool(outcome.message)
            if place % 5 == 0:
                _go_on(disk, tmp_path, operation, f"{operation}, write call {at}, {errno.errorcode[code]}")
                counted.repeated += 1
    return counted


@pytest.fixture(autouse=True)
def _nothing_is_fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a dead process left is a leftover at once."""
    monkeypatch.setattr(leftovers, "IDLE_SECONDS", 0.0)
    with private_files():
        yield


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_refused_write_call_costs_only_what_was_written(
    disk: FailingDisk, before: Path, tmp_path: Path, operation: str
) -> None:
    calls = disk.carry_out(operation, _start(before, tmp_path, operation), 0).calls
    counted = _sweep(disk, before, tmp_path, operation, step=-(-calls // 3))
    assert counted.calls > 3
    assert counted.refusals == 3


@pytest.mark.soak
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_refused_write_call_costs_only_what_was_written(
    disk: FailingDisk, before: Path, tmp_path: Path, operation: str
) -> None:
    counted = _sweep(disk, before, tmp_path, operation, step=1)
    print(f"\n{counted}")
    assert counted.refusals == len(CODES) * counted.calls
